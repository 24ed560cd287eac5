import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parseAllDocuments } from 'yaml';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';
import { meshproof, start } from './cli.ts';

const folder = temporaryFolder();
const written = (text: string): string => {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.yaml`);
  writeFileSync(file, text);
  return file;
};
const valid = `apiVersion: meshproof.dev/v1
kind: Topology
meshId: m
trust: { domain: cluster.local, root: { key: ecdsa-p256, validDays: 10 }, intermediate: { key: ecdsa-p256, validDays: 5 } }
networks: [{ name: a, subnet: 10.70.0.0/24 }, { name: b, subnet: 10.70.1.0/24 }]
link: { forwards: [{ port: 15443, purpose: data }, { port: 6443, purpose: discovery }] }
clusters:
  - { name: west, network: a, region: r1, zone: z1, ingress: true }
  - { name: east, network: b, region: r2, zone: z2 }
workloads:
  - { service: catalog, pods: { west: 1, east: 1 } }
`;

for (const [title, text, words] of [
  [
    'an unknown field',
    valid.replace('region: r1', 'regoin: r1'),
    /:8:\d+ clusters\[0\]\.regoin: .*did you mean `region`/,
  ],
  ['two clusters of one name', valid.replace('name: east', 'name: west'), /clusters\[1\]\.name.*west/],
  ['overlapping subnets', valid.replace('10.70.1.0/24', '10.70.0.0/25'), /subnet.*overlap/],
  ['a missing region', valid.replace('region: r2, ', ''), /clusters\[1\].*region/],
  ['something that is not YAML', 'a: [', /yaml/i],
] as const) {
  test(`up with ${title} exits with 3 and names the place`, async () => {
    const { code, stderr } = await meshproof('up', '--name', 'never', '--topology', written(text));
    assert.equal(code, 3, stderr);
    assert.match(stderr, words);
  });
}

test('an unknown option, command, lab, mesh file and promise exit with 3', async () => {
  for (const args of [
    ['up', '--bad'],
    ['fly'],
    ['run', '--name', 'nosuch'],
    ['run', '--mesh', '/nonexistent/mesh.yaml'],
    ['run', '--allow', 'everything'],
    ['run', 'CON-01', 'suites/locality'],
    ['run', 'CON-01', '--grep', 'LOC-'],
    ['chaos', 'run', 'locality'],
    ['up', '--name', 'No Name'],
    ['up', '--topology', '/nonexistent.yaml'],
    ['deploy'],
    ['deploy', '--mesh', '/nonexistent/mesh.yaml'],
    ['undeploy', '--mesh', '/nonexistent/mesh.yaml'],
  ]) {
    const { code, stderr } = await meshproof(...args);
    assert.equal(code, 3, `${args.join(' ')}: ${stderr}`);
    assert.notEqual(stderr, '');
  }
});

/** A mesh of one cluster, with an address that does not answer. */
const meshOfOne = (more = ''): string => {
  const kubeconfig = written(`apiVersion: v1
kind: Config
clusters: [{ name: gone, cluster: { server: "https://127.0.0.1:64999" } }]
contexts: [{ name: gone, context: { cluster: gone, user: absent } }]
users: [{ name: absent, user: {} }]
`);
  return written(`apiVersion: meshproof.dev/v1
kind: Mesh
meshId: m
namespace: team
${more}
clusters: [{ name: west, kubeconfig: ${kubeconfig}, context: gone, network: a, region: r1, zone: z1 }]
services: [{ name: catalog, pods: { west: 1 } }]
`);
};

test('deploy to a cluster that does not answer exits with 2, and names the cluster, the object and the remedy', async () => {
  for (const verb of ['deploy', 'undeploy']) {
    const { code, stderr } = await meshproof(verb, '--mesh', meshOfOne());
    assert.equal(code, 2, stderr);
    assert.match(stderr, /Cluster west \(context gone\) did not let namespace team be read: .*ECONNREFUSED/);
    assert.match(stderr, /kubectl --context gone get --raw \/readyz/);
  }
});

test('with an image, deploy --dry-run prints manifests without a cluster', async () => {
  const { code, stdout, stderr } = await meshproof(
    'deploy',
    '--mesh',
    meshOfOne(),
    '--image',
    'proxy:1',
    '--dry-run',
  );
  assert.equal(code, 0);
  const kinds = parseAllDocuments(stdout).map((document) => (document.toJS() as { kind: string }).kind);
  assert.deepEqual(kinds, ['Namespace', 'ConfigMap', 'ServiceAccount', 'Service', 'Deployment']);
  assert.match(
    stderr,
    /nodes of cluster \S+ .* could not be read: .* nodeSelector topology\.kubernetes\.io\/zone: /,
  );
});

test('undeploy refuses a lab, and deploy --ingress needs an ingress', async () => {
  const lab = 'lab: { name: lab, topology: t.yaml, engine: e, link: l, images: packages }';
  const undeploy = await meshproof('undeploy', '--mesh', meshOfOne(lab));
  assert.equal(undeploy.code, 3);
  assert.match(undeploy.stderr, /meshproof down --name lab/);
  const ingress = await meshproof('deploy', '--mesh', meshOfOne(), '--ingress');
  assert.equal(ingress.code, 3);
  assert.match(ingress.stderr, /no cluster of the mesh file has an `ingress`/);
});

/** A kubeconfig with contexts west and east, at whose addresses no server listens. */
const kubeconfigOfTwo = (): string =>
  written(`apiVersion: v1
kind: Config
clusters: [{ name: gone, cluster: { server: "https://127.0.0.1:64999" } }]
contexts: [{ name: west, context: { cluster: gone, user: u } }, { name: east, context: { cluster: gone, user: u } }]
users: [{ name: u, user: {} }]
`);

test('init and doctor refuse wrong contexts with 3, and name the contexts that exist', async () => {
  const kubeconfig = kubeconfigOfTwo();
  for (const [args, words] of [
    [['--context', 'wst'], /Context wst does not exist\. Did you mean west\? The contexts are west, east/],
    [['--context', 'west', '--context', 'west'], /Context west is given twice/],
    [[], /A context is missing.* the contexts are west, east/],
    [['--context', 'west', '--kubeconfig', '/nonexistent/k'], /Kubeconfig \/nonexistent\/k does not exist/],
  ] as const)
    for (const verb of ['init', 'doctor']) {
      const { code, stderr } = await meshproof(verb, '--kubeconfig', kubeconfig, ...args);
      assert.equal(code, 3, `${verb} ${args.join(' ')}: ${stderr}`);
      assert.match(stderr, words);
    }
  const both = await meshproof(
    'doctor',
    '--context',
    'west',
    '--kubeconfig',
    kubeconfig,
    '--mesh',
    meshOfOne(),
  );
  assert.equal(both.code, 3, both.stderr);
});

test('init writes what it can about clusters that do not answer, and doctor ends with 2', async () => {
  const contexts = ['--kubeconfig', kubeconfigOfTwo(), '--context', 'west'];
  const { code, stdout } = await meshproof('init', ...contexts);
  assert.equal(code, 2);
  assert.match(stdout, /# The API server of context west did not answer: .*ECONNREFUSED/);
  const doctor = await meshproof('doctor', ...contexts);
  assert.equal(doctor.code, 2, doctor.stderr);
  assert.match(doctor.stderr, /The Istio name of the cluster of context west is not known/);
});

test('every command has help', async () => {
  for (const verb of [
    '',
    'up',
    'down',
    'status',
    'run',
    'certify',
    'images',
    'engine',
    'init',
    'doctor',
    'gather',
    'deploy',
    'undeploy',
  ]) {
    const { code, stdout } = await meshproof(...(verb ? [verb] : []), '--help');
    assert.equal(code, 0);
    assert.match(stdout, /Usage: meshproof/);
  }
});

test('an engine that does not answer is named, and meshproof does not start another one', async () => {
  const { code, stderr } = await start(['up', '--name', 'never'], { DOCKER_HOST: 'unix:///nonexistent.sock' })
    .ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /The Docker engine at DOCKER_HOST=unix:\/\/\/nonexistent\.sock does not answer/);
});
