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

const folder = labFolder('problem');
const lab = {
  ...{ name: 'problem', folder, engine: { endpoint: 'unix:///nowhere.sock' } },
  images: { node: 'meshproof/node:now' },
} as unknown as EquippedLab;
const cluster = { name: 'west', nodes: 1 } as TopologyCluster;
const authorities: Authorities = { root: { certificate: 'ROOT\n', key: '' }, intermediates: {} };
const kubeconfig = join(folder, 'west.kubeconfig');
mkdirSync(folder);

interface Seen {
  state?: string;
  image?: string;
  finished?: boolean;
  answers?: boolean;
  /** The root certificate of the cluster's istiod; empty: istiod was not installed. */
  root?: string;
}

/** An engine on which the cluster runs, but for what is told otherwise, and its kubeconfig. */
function standing({ state = 'running', image = 'meshproof/node:now', finished = true, ...seen }: Seen = {}) {
  const { answers = true, root = 'ROOT\n' } = seen;
  const context = 'kind-meshproof-problem-west';
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
  ps*) echo "meshproof-problem-west-control-plane ${state}" ;;
  *Config.Image*) echo ${image} ;;
  *"test -f"*cacerts*)
    ${finished ? '' : 'exit 3'}
    ${answers ? '' : 'exit 1'}
    printf '${Buffer.from(root).toString('base64')}' ;;
esac`,
  });
}

const problem = () => clusterProblem(lab, cluster, authorities);

test('a cluster that runs with the image, the kubeconfig and the root of now has no problem', async () => {
  await using _docker = await standing();
  assert.equal(await problem(), undefined);
});

test('a cluster whose istiod is not installed yet has no root to compare', async () => {
  await using _docker = await standing({ root: '' });
  assert.equal(await problem(), undefined);
});

for (const [title, seen, words] of [
  ['is stopped', { state: 'exited' }, /control-plane is stopped/],
  ['was cut off', { finished: false }, /creation was cut off/],
  ['is silent', { answers: false }, /API server does not answer/],
  [
    'is of another image',
    { image: 'meshproof/node:before' },
    /made from image meshproof\/node:before.*node:now/,
  ],
  ['has another root', { root: 'OTHER\n' }, /root certificate is not the one that is kept in/],
] as const) {
  test(`a cluster that ${title} is rebuilt, and it is told why`, async () => {
    await using _docker = await standing(seen);
    assert.match((await problem()) ?? '', words);
  });
}

test('a cluster whose kubeconfig is gone, empty, or of another cluster is rebuilt, and it is told why', async () => {
  await using _docker = await standing();
  rmSync(kubeconfig);
  assert.match((await problem()) ?? '', /its kubeconfig, .*west\.kubeconfig, is gone or cannot be used/);
  for (const text of ['', 'contexts: []']) {
    writeFileSync(kubeconfig, text);
    assert.match((await problem()) ?? '', /its kubeconfig/);
  }
});
