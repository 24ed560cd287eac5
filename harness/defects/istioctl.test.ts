import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import type { MeshFileCluster } from '../mesh/mesh-file.ts';
import { Istioctl } from './istioctl.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-istioctl-'));
after(() => rmSync(folder, { recursive: true }));
const cluster = (name: string) => ({ name, context: `kind-${name}`, kubeconfig: `/kube/${name}` });
const clusters = [cluster('west'), cluster('east')] as MeshFileCluster[];
const signal = new AbortController().signal;

/** A program in place of istioctl. */
function program(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

test('each command is asked of each cluster by its context, and both streams are heard, whatever it ends with', async () => {
  const istioctl = new Istioctl(program('echo', 'echo "$KUBECONFIG $*"; echo warned >&2; exit 79'), {
    clusters,
  });
  const healthy = await istioctl.learn(signal);
  const said = (context: string, rest: string) => `${context}: /kube/west:/kube/east ${rest}; warned`;
  assert.deepEqual(
    healthy.map(({ cluster, lines }) => `${cluster}: ${lines.join('; ')}`),
    [
      said('west', 'analyze -A --context kind-west --remote-contexts kind-east'),
      said('west', 'remote-clusters --context kind-west'),
      said('west', 'proxy-status --context kind-west'),
      said('east', 'analyze -A --context kind-east --remote-contexts kind-west'),
      said('east', 'remote-clusters --context kind-east'),
      said('east', 'proxy-status --context kind-east'),
    ],
  );
  assert.equal(healthy[0]?.command, 'analyze -A --remote-contexts …');
  const later = await istioctl.ask(signal);
  assert.ok(later.every(({ says, saysNoMore }) => says.length + saysNoMore.length === 0));
});

test('a new line of one command on one cluster is told, and what another says all the time is not', async () => {
  const marker = join(folder, 'broken');
  const body = `echo "pod-6d5f8c7b9d-$(printf '%05d' $$ | tail -c 5 | tr 013 bcd)"; case "$*" in remote*west*) cat ${marker} 2>/dev/null;; esac`;
  const istioctl = new Istioctl(program('changing', body), { clusters });
  await istioctl.learn(signal);
  writeFileSync(marker, 'east timeout\n');
  const said = (await istioctl.ask(signal)).filter(({ says }) => says.length > 0);
  assert.deepEqual(
    said.map(({ command, cluster, says }) => [command, cluster, says]),
    [['remote-clusters', 'west', ['east timeout']]],
  );
});

test('a command that hangs is ended, and is no news where it hangs on the healthy mesh, too', async () => {
  const hanging = program('hanging', 'case "$*" in analyze*) echo begun; exec sleep 60;; esac; echo fine');
  const istioctl = new Istioctl(hanging, { clusters: clusters.slice(0, 1) }, 300);
  const began = performance.now();
  const [analyze, remote] = await istioctl.learn(signal);
  assert.ok(performance.now() - began < 10_000);
  assert.deepEqual(analyze?.lines, ['begun', 'no answer in 0.3 s']);
  assert.deepEqual(remote?.lines, ['fine']);
  assert.ok((await istioctl.ask(signal)).every(({ says }) => says.length === 0));
});

test('what cannot be run is an error that says how to do without it', async () => {
  await assert.rejects(new Istioctl(join(folder, 'absent'), { clusters }).learn(signal), /--no-istioctl/);
});
