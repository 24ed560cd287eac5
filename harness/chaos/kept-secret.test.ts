import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiException, type V1Secret } from '#kubernetes-client';
import { temporaryFolder } from '../base/temporary-folder.ts';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import type { ClusterApi } from '../kube/cluster-api.ts';
import { MeshCluster } from '../mesh/attach.ts';
import { ChangedSince } from './heal/changed-since.ts';
import {
  keepSecret,
  keptHeadAnnotation,
  keptLabel,
  keptName,
  restoreKeptSecret,
  readKept,
  refuseForeignCopy,
  writeSecretData,
  writtenAnnotation,
} from './kept-secret.ts';

temporaryFolder('MESHPROOF_STATE');

const labels = { 'istio/multiCluster': 'true' };
const annotations = { 'networking.istio.io/cluster': 'east' };
const secret = (): V1Secret => ({
  ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { east: 'a3ViZWNvbmZpZw==' } },
  metadata: { namespace: 'n', name: 's', labels, annotations },
});

/** The Secrets of one namespace, by name. */
function cluster(): { stored: Map<string, V1Secret>; west: MeshCluster } {
  const stored = new Map<string, V1Secret>([['s', secret()]]);
  const put = async ({ body }: { body: V1Secret }) => void stored.set(body.metadata?.name ?? '', body);
  const core = {
    readNamespace: async () => ({ metadata: { uid: 'west' } }),
    readNamespacedSecret: async ({ name }: { name: string }) => {
      const found = stored.get(name);
      if (!found) throw new ApiException(404, 'not found', '', {});
      return structuredClone(found);
    },
    listNamespacedSecret: async (given: { labelSelector?: string; fieldSelector?: string }) => {
      const [, kept] = (given.labelSelector ?? '').split('=');
      const [, name] = (given.fieldSelector ?? '').split('=');
      const isWanted = ({ metadata }: V1Secret) =>
        name === undefined ? metadata?.labels?.['meshproof.dev/kept'] === kept : metadata?.name === name;
      return { items: [...stored.values()].filter(isWanted) };
    },
    createNamespacedSecret: put,
    replaceNamespacedSecret: put,
    deleteNamespacedSecret: async ({ name }: { name: string }) => void stored.delete(name),
  };
  const api = { cluster: 'west', core } as unknown as ClusterApi;
  return { stored, west: new MeshCluster({ name: 'west' } as MeshFileCluster, api, 'workloads') };
}

test('a Secret that was changed, and one that was deleted, are restored with their labels, and the copy is deleted', async () => {
  for (const breakIt of ['changed', 'deleted']) {
    const { stored, west } = cluster();
    await keepSecret(west, 'n', 's');
    assert.equal(stored.get(keptName('s'))?.metadata?.labels?.['istio/multiCluster'], undefined);
    if (breakIt === 'changed') await writeSecretData(west, 'n', 's', { east: 'eA==' });
    else stored.delete('s');
    await restoreKeptSecret(west, 'n', 's');
    assert.deepEqual([...stored], [['s', secret()]]);
    await restoreKeptSecret(west, 'n', 's');
    assert.deepEqual([...stored], [['s', secret()]]);
  }
});

test('an existing copy stays: it is of the Secret before an outer fault', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  await writeSecretData(west, 'n', 's', { east: 'eA==' });
  await keepSecret(west, 'n', 's');
  await restoreKeptSecret(west, 'n', 's');
  assert.deepEqual(stored.get('s'), secret());
});

test('data that somebody has written since a copy was made is neither copied nor overwritten', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  await writeSecretData(west, 'n', 's', { east: 'eA==' });
  const rotated = { ...secret(), data: { east: 'eQ==' } };
  stored.set('s', rotated); // by an admin, after the journal was lost with its machine
  const [kept, isReported] = [
    structuredClone(stored.get(keptName('s'))),
    /n\/s of west .* n\/meshproof-kept-s has the state/,
  ];
  await assert.rejects(keepSecret(west, 'n', 's'), { name: 'ChangedSince', message: isReported });
  // As a fault that heals in steps does: what it writes would count as ours from then on.
  await assert.rejects(writeSecretData(west, 'n', 's', { east: 'eg==' }), { name: 'ChangedSince' });
  assert.deepEqual([stored.get('s'), stored.get(keptName('s'))], [rotated, kept]);
});

test('a Secret that an outer fault has deleted is kept already', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  stored.delete('s');
  await keepSecret(west, 'n', 's');
  await restoreKeptSecret(west, 'n', 's');
  assert.deepEqual([...stored], [['s', secret()]]);
});

test('a Secret that Kubernetes fills with a token is neither copied nor changed', async () => {
  const { stored, west } = cluster();
  const token = { ...secret(), type: 'kubernetes.io/service-account-token' };
  stored.set('s', token);
  await assert.rejects(keepSecret(west, 'n', 's'), /n\/s of cluster west is not changed: its type is/);
  assert.deepEqual([...stored], [['s', token]]);
});

const refusal = /n\/meshproof-kept-s of west is not a copy that this machine wrote.*n\/s stays/;

test('a changed copy is refused: its data, its labels, its hashes', async () => {
  const changes: ((copy: V1Secret) => unknown)[] = [
    (copy) => (copy.data = { east: 'aG9zdGlsZQ==' }),
    (copy) => delete copy.metadata?.annotations?.[keptHeadAnnotation],
    (copy) => Object.assign(copy.metadata?.annotations ?? {}, { [writtenAnnotation]: '0123456789abcdef' }),
    (copy) => (copy.metadata = { ...copy.metadata, annotations: {} }),
  ];
  for (const change of changes) {
    const { stored, west } = cluster();
    await keepSecret(west, 'n', 's');
    const copy = stored.get(keptName('s'));
    assert.ok(copy);
    change(copy);
    stored.delete('s');
    await assert.rejects(restoreKeptSecret(west, 'n', 's'), refusal);
    await assert.rejects(readKept(west, 'n', 's'), refusal);
    assert.equal(stored.get('s'), undefined);
  }
});

test('a copy that somebody planted keeps the Secret from being changed', async () => {
  const { stored, west } = cluster();
  const planted = { metadata: { name: keptName('s'), labels: { [keptLabel]: 's' } }, data: { east: 'eQ==' } };
  stored.set(keptName('s'), planted);
  for (const act of [refuseForeignCopy, keepSecret]) await assert.rejects(act(west, 'n', 's'), refusal);
  await assert.rejects(writeSecretData(west, 'n', 's', { east: 'eA==' }), refusal);
  assert.deepEqual(stored.get('s'), secret());
});

test('data that somebody else has written since stays, and so does the copy, until the copy is deleted', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  await writeSecretData(west, 'n', 's', { east: 'eA==' });
  const rotated = { ...secret(), data: { east: 'eQ==' } };
  stored.set('s', rotated);
  await assert.rejects(restoreKeptSecret(west, 'n', 's'), (error: Error) => {
    return (
      error instanceof ChangedSince && /n\/s of west .* n\/meshproof-kept-s has the state/.test(error.message)
    );
  });
  assert.deepEqual(stored.get('s'), rotated);
  assert.deepEqual(stored.get(keptName('s'))?.data, secret().data);
  stored.delete(keptName('s'));
  await restoreKeptSecret(west, 'n', 's');
  assert.deepEqual([...stored], [['s', rotated]]);
});

test('each of several writes of a fault is known, also after a kill during the second', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  await writeSecretData(west, 'n', 's', { east: 'eA==' });
  const first = stored.get('s');
  await writeSecretData(west, 'n', 's', { east: 'eQ==' });
  assert.ok(first);
  stored.set('s', first); // noted, and not written
  await restoreKeptSecret(west, 'n', 's');
  assert.deepEqual([...stored], [['s', secret()]]);
});

test('a Secret without a copy is not changed', async () => {
  const { stored, west } = cluster();
  await assert.rejects(writeSecretData(west, 'n', 's', { east: 'eA==' }), /n\/s of west cannot be changed/);
  assert.deepEqual([...stored], [['s', secret()]]);
});

test('a change of metadata by a controller does not keep a Secret from being restored', async () => {
  const { stored, west } = cluster();
  await keepSecret(west, 'n', 's');
  await writeSecretData(west, 'n', 's', { east: 'eA==' });
  const now = stored.get('s');
  stored.set('s', { ...now, metadata: { ...now?.metadata, resourceVersion: '7' } });
  await restoreKeptSecret(west, 'n', 's');
  assert.deepEqual(stored.get('s')?.data, secret().data);
});
