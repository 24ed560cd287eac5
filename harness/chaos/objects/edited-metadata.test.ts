import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editSchema } from './edits.ts';
import { isMetadataExpected, restoredMetadata, editedMetadataOf } from './edited-metadata.ts';

const header = { apiVersion: 'v1', kind: 'Service', name: 's' };
const touchedOf = (...edits: object[]) => editedMetadataOf(edits.map((edit) => editSchema.parse(edit)));
const merge = (metadata: object) => ({ op: 'merge', ...header, patch: { metadata, spec: {} } });
const apply = (metadata: object) => ({
  op: 'apply',
  manifest: { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', ...metadata } },
});

test('edited entries are restored, whether changed, removed or new; all others stay', () => {
  const touched = touchedOf(merge({ labels: { a: 'x', b: null, c: 'new' } }), merge({ labels: { a: 'y' } }));
  assert.ok(touched);
  const before = { name: 's', labels: { a: '1', b: '2', d: '4' }, annotations: { old: '1' } };
  const now = { name: 's', labels: { a: 'y', c: 'new', theirs: '1' }, finalizers: ['theirs'] };
  assert.ok(isMetadataExpected(before, now, touched));
  const labels = { a: '1', b: '2', theirs: '1' };
  assert.deepEqual(restoredMetadata(before, now, touched), { name: 's', labels, finalizers: ['theirs'] });
  for (const labels of [
    { a: 'z', c: 'new' },
    { a: 'y', b: '3', c: 'new' },
    { a: 'y', c: 'other' },
  ])
    assert.equal(isMetadataExpected(before, { labels }, touched), false);
});

test('server-side apply can remove entries that a manifest lacks', () => {
  const touched = touchedOf(apply({ labels: { a: 'x' } }));
  assert.ok(touched);
  const before = { labels: { gone: '1', b: '2' } };
  const now = { labels: { a: 'x', b: 'theirs', c: 'theirs' } };
  assert.deepEqual(restoredMetadata(before, now, touched), {
    labels: { gone: '1', b: 'theirs', c: 'theirs' },
  });
});

test('edits that can change all of the metadata are recognized', () => {
  const deleted = { op: 'delete', ...header };
  assert.deepEqual(touchedOf(deleted), { labels: {}, annotations: {}, unnamed: false });
  for (const edits of [
    [deleted, apply({})],
    [merge({ labels: null })],
    [merge({ finalizers: [] })],
    [merge({ labels: { a: 'x' } }), merge({ annotations: null })],
  ])
    assert.equal(touchedOf(...edits), undefined);
});
