import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFile } from '../../config/mesh-file.ts';
import { parametersOf } from '../parameters.ts';
import { isEdited } from './cluster-objects.ts';
import { mergePatch } from '../../kube/merge-patch.ts';
import { asWritten, contains, isPatched, isSame } from './comparison.ts';
import { headersOf } from './edits.ts';
import { objectsChanged } from './objects-changed.ts';

const file = { clusters: [{ name: 'west' }], services: [] } as unknown as MeshFile;
const parameters = (edits: unknown[]) => parametersOf(objectsChanged, { cluster: 'west', edits }, file);
const secret = { apiVersion: 'v1', kind: 'Secret', namespace: 'n', name: 's' };

test('a Secret, or a list that could hold one, is refused by every edit', () => {
  for (const edit of [
    { op: 'apply', manifest: { ...secret, metadata: { name: 's' } } },
    { op: 'apply', manifest: { apiVersion: 'v1', kind: 'List', metadata: { name: 's' } } },
    { op: 'delete', ...secret },
    { op: 'merge', ...secret, patch: {} },
    { op: 'merge-status', ...secret, patch: {} },
    { op: 'merge-yaml', ...secret, key: 'k', patch: {} },
  ])
    assert.throws(() => parameters([edit]), /objects-changed does not accept these parameters/, edit.op);
});

test('an edit of a Service is accepted', () => {
  const edit = { op: 'delete', apiVersion: 'v1', kind: 'Service', namespace: 'n', name: 's' };
  assert.deepEqual(parameters([edit]).edits, [edit]);
  assert.throws(() => parameters([]), /does not accept these parameters/);
});

test('an object that is edited twice is kept once', () => {
  const header = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'm' } as const;
  const { edits } = parameters([
    { op: 'merge-yaml', ...header, key: 'a', patch: { x: 1 } },
    { op: 'merge', ...header, patch: { data: { b: null } } },
    { op: 'merge', ...header, apiVersion: 'v2', patch: {} },
  ]);
  assert.deepEqual(headersOf(edits), [header, { ...header, apiVersion: 'v2' }]);
});

test('a merge patch as RFC 7386 has it', () => {
  const value = { a: 'b', c: { d: 'e', f: 'g' }, list: [1, 2] };
  assert.deepEqual(mergePatch(value, { a: 'z', c: { f: null }, list: [3] }), {
    ...{ a: 'z', c: { d: 'e' }, list: [3] },
  });
  assert.deepEqual(mergePatch({ a: [{ b: 'c' }] }, { a: { b: 1 } }), { a: { b: 1 } });
  assert.deepEqual(value, { a: 'b', c: { d: 'e', f: 'g' }, list: [1, 2] });
});

test('a patched value: nulls are gone, lists have as many items, and a server may have added to them', () => {
  const now = { spec: { ports: [{ port: 80, protocol: 'TCP' }], type: 'ClusterIP' } };
  assert.ok(isPatched(now, { spec: { ports: [{ port: 80 }] } }));
  assert.ok(isPatched(now, { metadata: null }));
  assert.ok(!isPatched(now, { spec: { type: null } }));
  assert.ok(!isPatched(now, { spec: { ports: [{ port: 80 }, { port: 81 }] } }));
  assert.ok(!isPatched(now, { spec: { ports: [] } }));
  assert.ok(contains(now, { spec: { ports: [] } }));
});

test('settings in the YAML of a ConfigMap', () => {
  const [edit] = parameters([
    {
      ...{ op: 'merge-yaml', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'istio' },
      ...{ key: 'mesh', patch: { trustDomain: 'x', gone: null } },
    },
  ]).edits;
  assert.ok(edit);
  assert.ok(isEdited(edit, { data: { mesh: 'trustDomain: x\nother: 1\n' } }));
  assert.ok(!isEdited(edit, { data: { mesh: 'trustDomain: x\ngone: 1\n' } }));
  assert.ok(!isEdited(edit, { data: {} }));
});

test('an object as it is written: nothing of the server, and a status only of a Service', () => {
  const metadata = {
    ...{
      name: 'n',
      uid: 'u',
      resourceVersion: '1',
      generation: 2,
      managedFields: [],
      creationTimestamp: 't',
    },
    annotations: { 'deployment.kubernetes.io/revision': '3' },
  };
  const written = asWritten({ kind: 'Deployment', metadata, spec: { replicas: 1 }, status: { replicas: 1 } });
  assert.deepEqual(written, { kind: 'Deployment', metadata: { name: 'n' }, spec: { replicas: 1 } });
  const service = asWritten({ kind: 'Service', metadata, status: { loadBalancer: {} } });
  assert.ok(isSame(service, { status: { loadBalancer: {} }, metadata: { name: 'n' }, kind: 'Service' }));
});
