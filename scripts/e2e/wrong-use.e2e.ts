import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { meshproof, start } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-e2e-'));
const topology = (text: string): string => {
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
    const { code, stderr } = await meshproof('up', '--name', 'never', '--topology', topology(text));
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
    ['up', '--name', 'No Name'],
    ['up', '--topology', '/nonexistent.yaml'],
  ]) {
    const { code, stderr } = await meshproof(...args);
    assert.equal(code, 3, `${args.join(' ')}: ${stderr}`);
    assert.notEqual(stderr, '');
  }
});

test('every verb explains itself', async () => {
  for (const verb of [[], ['up'], ['down'], ['status'], ['run'], ['certify'], ['images'], ['engine']]) {
    const { code, stdout } = await meshproof(...verb, '--help');
    assert.equal(code, 0);
    assert.match(stdout, /Usage: meshproof/);
  }
});

test('an engine that does not answer is named, and nothing is started in its place', async () => {
  const { code, stderr } = await start(['up', '--name', 'never'], { DOCKER_HOST: 'unix:///nonexistent.sock' })
    .ended;
  assert.equal(code, 2, stderr);
  assert.match(stderr, /No Docker engine answers at DOCKER_HOST=unix:\/\/\/nonexistent\.sock/);
});
