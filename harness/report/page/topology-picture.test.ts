import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleMesh } from '../sample.ts';
import { topologyPicture } from './topology-picture.ts';

const count = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;
const [west, east] = [sampleMesh.clusters[0]!, sampleMesh.clusters[1]!];

test('the picture names clusters, networks, gateways, the link and its ports, wide and tall', () => {
  const { text } = topologyPicture(sampleMesh);
  for (const word of [
    'west',
    'network east-net',
    '172.31.1.2:15443',
    '172.31.0.2',
    'wide-area link',
    '6443',
    'inventory',
  ])
    assert.ok(text.includes(word), word);
  assert.equal(count(text, /<svg\s/g), 2);
  assert.equal(count(text, /<line\s+class="wire data"/g), 2);
  assert.equal(count(text, /<line\s+class="wire discovery"/g), 2);
  assert.equal(count(text, /<circle\s+class="pod"/g), 2 * 9);
});

test('one network has no link, many clusters are stacked only', () => {
  const one = topologyPicture({ ...sampleMesh, clusters: [west, { ...east, network: west.network }] }).text;
  assert.ok(!/class="(wire|link)/.test(one));
  assert.equal(count(one, /<rect\s+class="network"/g), 2);
  const many = ['a', 'b', 'c'].map((name) => ({ ...west, name, network: name }));
  assert.equal(count(topologyPicture({ ...sampleMesh, clusters: many }).text, /<svg\s/g), 1);
});

test('a mesh of others shows no ports that nobody told', () => {
  const { text } = topologyPicture({ ...sampleMesh, lab: null, link: [] });
  assert.match(text, /not made by meshproof/);
  assert.ok(!/API server|6443/.test(text));
});

test('long names are cut, and whole for whoever points at them', () => {
  const name = 'a-cluster-with-a-name-that-nobody-would-want-to-type-twice';
  const { text } = topologyPicture({ ...sampleMesh, clusters: [{ ...west, name }, east] });
  assert.ok(text.includes(`<title>${name}</title>`) && text.includes('…'));
});
