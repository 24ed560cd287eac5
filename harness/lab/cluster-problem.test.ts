import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { stringify } from 'yaml';
import { fakeCommands } from '../base/fake-command.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { clusterProblem } from './cluster-problem.ts';
import type { EquippedLab } from './lab.ts';
import { labFolder } from './paths.ts';
import type { Authorities } from './pki.ts';

temporaryFolder('MESHPROOF_STATE');

const folder = labFolder('one');
const lab = {
  name: 'one',
  folder,
  engine: { endpoint: 'unix:///nowhere.sock' },
  images: { node: 'meshproof/node:now' },
} as unknown as EquippedLab;
const cluster = { name: 'west', nodes: 1 } as TopologyCluster;
const authorities: Authorities = { root: { certificate: 'ROOT\n', key: '' }, intermediates: {} };
const kubeconfig = join(folder, 'west.kubeconfig');
mkdirSync(folder);

interface NodeState {
  state?: string;
  image?: string;
  finished?: boolean;
  answers?: boolean;
  /** The root certificate of the cluster's istiod; empty if istiod is not installed. */
  root?: string;
}

/** Writes a kubeconfig, and fakes an engine with a cluster in the given state. */
function fakeEngine({
  state = 'running',
  image = 'meshproof/node:now',
  finished = true,
  answers = true,
  root = 'ROOT\n',
}: NodeState = {}) {
  const context = 'kind-meshproof-one-west';
  writeFileSync(
    kubeconfig,
    stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
    }),
  );
  return fakeCommands({
    docker: `
case "$*" in
  ps*) echo "meshproof-one-west-control-plane ${state}" ;;
  *Config.Image*) echo ${image} ;;
  *"test -f"*cacerts*)
    ${finished ? '' : 'exit 3'}
    ${answers ? '' : 'exit 1'}
    printf '${Buffer.from(root).toString('base64')}' ;;
esac`,
  });
}

const problem = () => clusterProblem(lab, cluster, authorities);

test('a cluster that runs with the current image, kubeconfig and root does not have a problem', async () => {
  await using _docker = await fakeEngine();
  assert.equal(await problem(), undefined);
});

test('a cluster without istiod does not have a root to compare', async () => {
  await using _docker = await fakeEngine({ root: '' });
  assert.equal(await problem(), undefined);
});

for (const [title, state, reason] of [
  ['is stopped', { state: 'exited' }, /control-plane is stopped/],
  ['was interrupted', { finished: false }, /creation was interrupted/],
  ['does not answer', { answers: false }, /API server does not answer/],
  ['has another image', { image: 'meshproof/node:before' }, /has image meshproof\/node:before.*node:now/],
  ['has another root', { root: 'OTHER\n' }, /root certificate is not the one in/],
] as const) {
  test(`a cluster that ${title} must be rebuilt, with a reason`, async () => {
    await using _docker = await fakeEngine(state);
    assert.match((await problem()) ?? '', reason);
  });
}

test('a cluster whose kubeconfig is missing, empty, or of another cluster must be rebuilt, with a reason', async () => {
  await using _docker = await fakeEngine();
  rmSync(kubeconfig);
  assert.match((await problem()) ?? '', /its kubeconfig .*west\.kubeconfig is missing or invalid/);
  for (const text of ['', 'contexts: []']) {
    writeFileSync(kubeconfig, text);
    assert.match((await problem()) ?? '', /its kubeconfig/);
  }
});
