import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { parseAllDocuments } from 'yaml';
import { meshproof, start } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-e2e-'));
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
  test(`up with ${title} ends with 3 and names the place`, async () => {
    const { code, stderr } = await meshproof('up', '--name', 'never', '--topology', written(text));
    assert.equal(code, 3, stderr);
    assert.match(stderr, words);
  });
}

test('an unknown option, verb, lab, mesh file and promise end with 3', async () => {
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

/** A mesh of one cluster, at whose address nobody listens. */
const meshOfOne = (more = ''): string => {
  const kubeconfig = written(`apiVersion: v1
kind: Config
clusters: [{ name: gone, cluster: { server: "https://127.0.0.1:64999" } }]
contexts: [{ name: gone, context: { cluster: gone, user: nobody } }]
users: [{ name: nobody, user: {} }]
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

test('deploy to a cluster that does not answer ends with 2, and names cluster, object and what to do', async () => {
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

test('undeploy leaves a lab to down, and deploy --ingress needs an ingress', async () => {
  const lab = 'lab: { name: lab, topology: t.yaml, engine: e, link: l, images: packages }';
  const undeploy = await meshproof('undeploy', '--mesh', meshOfOne(lab));
  assert.equal(undeploy.code, 3);
  assert.match(undeploy.stderr, /meshproof down --name lab/);
  const ingress = await meshproof('deploy', '--mesh', meshOfOne(), '--ingress');
  assert.equal(ingress.code, 3);
  assert.match(ingress.stderr, /no cluster of the mesh file has an `ingress`/);
});

test('every verb explains itself', async () => {
  for (const verb of [
    '',
    'up',
    'down',
    'status',
    'run',
    'certify',
    'images',
    'engine',
    'deploy',
    'undeploy',
  ]) {
    const { code, stdout } = await meshproof(...(verb ? [verb] : []), '--help');
    assert.equal(code, 0);
    assert.match(stdout, /Usage: meshproof/);
  }
});

test('an engine that does not answer is named, and nothing is started in its place', async () => {
  const { code, stderr } = await start(['up', '--name', 'never'], { DOCKER_HOST: 'unix:///nonexistent.sock' })
    .ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /The Docker engine at DOCKER_HOST=unix:\/\/\/nonexistent\.sock does not answer/);
});
