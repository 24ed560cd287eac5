import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unread } from './istiod-configs.ts';

const header = { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', namespace: 'n', name: 'g' };
const held = (resourceVersion: string, apiVersion = header.apiVersion) => [
  { apiVersion, kind: 'Gateway', metadata: { namespace: 'n', name: 'g', resourceVersion } },
];

test('an object is read when istiod holds the version that the API server has', () => {
  assert.deepEqual(unread([{ header, version: '7' }], held('7')), []);
  assert.deepEqual(unread([{ header, version: '7' }], held('7', 'networking.istio.io/v1alpha3')), []);
  assert.deepEqual(unread([{ header, version: '7' }], held('6')), [header]);
  assert.deepEqual(unread([{ header, version: '7' }], []), [header]);
});

test('a deleted object is read when istiod no longer has it', () => {
  assert.deepEqual(unread([{ header, version: null }], held('7')), [header]);
  assert.deepEqual(unread([{ header, version: null }], []), []);
});

test('objects of other kinds, namespaces and names are others', () => {
  for (const other of [{ kind: 'Sidecar' }, { namespace: 'm' }, { name: 'h' }, { apiVersion: 'a.io/v1' }])
    assert.equal(unread([{ header: { ...header, ...other }, version: '7' }], held('7')).length, 1);
});
