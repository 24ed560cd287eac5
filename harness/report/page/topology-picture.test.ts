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

test('a mesh with one network does not have a link, and many clusters are stacked', () => {
  const one = topologyPicture({ ...sampleMesh, clusters: [west, { ...east, network: west.network }] }).text;
  assert.ok(!/class="(wire|link)/.test(one));
  assert.equal(count(one, /<rect\s+class="network"/g), 2);
  const many = ['a', 'b', 'c'].map((name) => ({ ...west, name, network: name }));
  assert.equal(count(topologyPicture({ ...sampleMesh, clusters: many }).text, /<svg\s/g), 1);
});

test('a mesh that is not a lab does not show ports of a link', () => {
  const { text } = topologyPicture({ ...sampleMesh, lab: null, link: [] });
  assert.match(text, /not created by meshproof/);
  assert.ok(!/API server|6443/.test(text));
});

test('long names are cut, and their tooltip has the full name', () => {
  const name = 'a-cluster-with-a-name-that-is-much-too-long-for-the-picture';
  const { text } = topologyPicture({ ...sampleMesh, clusters: [{ ...west, name }, east] });
  assert.ok(text.includes(`<title>${name}</title>`) && text.includes('…'));
});
