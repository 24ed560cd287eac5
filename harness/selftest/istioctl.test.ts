import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { parse, stringify } from 'yaml';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import { Istioctl } from './istioctl.ts';
import { MergedKubeconfig } from './merged-kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-istioctl-'));
after(() => rmSync(folder, { recursive: true }));
/** Kubeconfigs of two clusters in which all entries have the same names. */
function cluster(name: string) {
  const kubeconfig = join(folder, name);
  const server = `https://${name}.example:6443`;
  const content = {
    clusters: [{ name: 'kubernetes', cluster: { server, 'certificate-authority': 'ca.crt' } }],
    users: [{ name: 'admin', user: { token: `of-${name}` } }],
    contexts: [{ name: 'admin@kubernetes', context: { cluster: 'kubernetes', user: 'admin' } }],
    'current-context': 'admin@kubernetes',
  };
  writeFileSync(kubeconfig, stringify(content));
  return { name, context: 'admin@kubernetes', kubeconfig };
}
const clusters = [cluster('west'), cluster('east')] as MeshFileCluster[];
const signal = new AbortController().signal;

/** A program in place of istioctl. */
function program(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

test('each command runs on each cluster by its context, and both streams count for every exit code', async () => {
  using istioctl = new Istioctl(program('echo', 'echo "$*"; echo warned >&2; exit 79'), { clusters });
  const healthy = await istioctl.learn(signal);
  const said = (context: string, rest: string) => `${context}: ${rest}; warned`;
  assert.deepEqual(
    healthy.map(({ cluster, lines }) => `${cluster}: ${lines.join('; ')}`),
    [
      said('west', 'analyze -A --context west --remote-contexts east'),
      said('west', 'remote-clusters --context west'),
      said('west', 'proxy-status --context west'),
      said('east', 'analyze -A --context east --remote-contexts west'),
      said('east', 'remote-clusters --context east'),
      said('east', 'proxy-status --context east'),
    ],
  );
  assert.equal(healthy[0]?.command, 'analyze -A --remote-contexts …');
  const later = await istioctl.ask(signal);
  assert.ok(later.every(({ says, saysNoMore }) => says.length + saysNoMore.length === 0));
});

test('a new line of one command on one cluster is reported, and a line of every round is not', async () => {
  const marker = join(folder, 'broken');
  const body = `echo "pod-6d5f8c7b9d-$(printf '%05d' $$ | tail -c 5 | tr 013 bcd)"; case "$*" in remote*west*) cat ${marker} 2>/dev/null;; esac`;
  using istioctl = new Istioctl(program('changing', body), { clusters });
  await istioctl.learn(signal);
  writeFileSync(marker, 'east timeout\n');
  const said = (await istioctl.ask(signal)).filter(({ says }) => says.length > 0);
  assert.deepEqual(
    said.map(({ command, cluster, says }) => [command, cluster, says]),
    [['remote-clusters', 'west', ['east timeout']]],
  );
});

test('a command that hangs is killed, and is not reported if it also hangs on the healthy mesh', async () => {
  const hanging = program('hanging', 'case "$*" in analyze*) echo begun; exec sleep 60;; esac; echo fine');
  using istioctl = new Istioctl(hanging, { clusters: clusters.slice(0, 1) }, 300);
  const began = performance.now();
  const [analyze, remote] = await istioctl.learn(signal);
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(analyze?.lines, ['begun', 'no answer in 0.3 s']);
  assert.deepEqual(remote?.lines, ['fine']);
  assert.ok((await istioctl.ask(signal)).every(({ says }) => says.length === 0));
});

test('a program that cannot run is an error with a remedy', async () => {
  using istioctl = new Istioctl(join(folder, 'absent'), { clusters });
  await assert.rejects(istioctl.learn(signal), /--no-istioctl/);
});

test('each cluster is asked at its server with its credential, also if the kubeconfigs use the same names', () => {
  const merged = new MergedKubeconfig(clusters);
  assert.equal(statSync(merged.file).mode & 0o777, 0o600);
  const config = parse(readFileSync(merged.file, 'utf8')) as {
    clusters: { name: string; cluster: Record<string, unknown> }[];
    users: { name: string; user: Record<string, unknown> }[];
    contexts: { name: string; context: { cluster: string; user: string } }[];
  };
  const led = config.contexts.map(({ name, context }) => [
    name,
    config.clusters.find((one) => one.name === context.cluster)?.cluster['server'],
    config.users.find((one) => one.name === context.user)?.user['token'],
  ]);
  assert.deepEqual(led, [
    ['west', 'https://west.example:6443', 'of-west'],
    ['east', 'https://east.example:6443', 'of-east'],
  ]);
  // A path is relative to the folder of its kubeconfig.
  assert.equal(config.clusters[0]?.cluster['certificate-authority'], join(folder, 'ca.crt'));
  merged[Symbol.dispose]();
  assert.ok(!existsSync(merged.file));
});
