import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestInfo } from '@playwright/test';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Mesh, Pod } from '../mesh/attach.ts';
import type { Callers } from './callers.ts';
import { failoverConfigOf, givenFailover, givenFailoverCallers, givenRemote, orSkip } from './given.ts';

class Skipped extends Error {}
/** A running test; skipping throws, as in Playwright. */
const testInfo = {
  skip: (condition: boolean, reason: string) => {
    if (condition) throw new Skipped(reason);
  },
} as unknown as TestInfo;

const rule = `
kind: DestinationRule
spec:
  trafficPolicy:
    connectionPool: { tcp: { connectTimeout: 3s } }
    outlierDetection: { consecutive5xxErrors: 3 }`;

/** A mesh with west and east in two regions and these services; `ingress` has an ingress gateway. */
function meshWith(services: Record<string, Record<string, number>>, ingress = 'west'): Mesh {
  const clusters = ['west', 'east'].map((name) => ({
    name,
    region: `region-${name}`,
    network: `network-${name}`,
    ...(name === ingress ? { ingress: 'http://10.0.0.1' } : {}),
  }));
  const list = Object.entries(services).map(([name, pods]) => ({ name, pods }));
  const file = { namespace: 'n', clusters, services: list } as unknown as MeshFile;
  const pods = async () => [{ name: 'catalog-1' }, { name: 'catalog-2' }] as Pod[];
  const cluster = (name: string) => ({ file: clusters.find((one) => one.name === name), pods });
  return { file, cluster } as unknown as Mesh;
}
const apply = async () => undefined;

test('a missing value skips the promise with the reason', () => {
  assert.equal(orSkip(testInfo, 'west', 'not there'), 'west');
  assert.throws(() => orSkip(testInfo, undefined, 'not there'), new Skipped('not there'));
});

test('the settings of a manifest become the configuration of bounds', () => {
  assert.deepEqual(failoverConfigOf(rule, { localPods: 2, ratePerSecond: 50 }), {
    outlierDetection: { consecutive5xxErrors: 3 },
    attemptTimeoutMs: 3000,
    localPods: 2,
    requestIntervalMs: 20,
    load: 'open',
  });
});

test('a mesh with catalog in two regions can fail over, and another mesh is skipped', async () => {
  const both = meshWith({ catalog: { west: 2, east: 1 } });
  const given = await givenFailover({ mesh: both, apply, manifest: () => rule }, testInfo);
  assert.deepEqual([given.cluster, given.region, given.config.localPods], ['west', 'region-west', 2]);
  const one = meshWith({ catalog: { west: 2 } });
  await assert.rejects(givenFailover({ mesh: one, apply, manifest: () => rule }, testInfo), Skipped);
});

test('only callers whose cluster can fail over are used', () => {
  const all = ['west', 'east', 'north'].map((name) => ({ cluster: { name } }));
  const probes = { all } as unknown as Callers;
  const both = meshWith({ catalog: { west: 2, east: 1 } });
  const names = givenFailoverCallers({ mesh: both, probes }, testInfo).map(({ cluster }) => cluster.name);
  assert.deepEqual(names, ['west', 'east']);
  assert.throws(() => givenFailoverCallers({ mesh: meshWith({}), probes }, testInfo), Skipped);
});

test('a remote service is called from a cluster with an ingress gateway, if possible', () => {
  const services = { inventory: { east: 1 }, billing: { west: 1 } };
  const remote = (ingress: string) => givenRemote(meshWith(services, ingress), testInfo);
  assert.deepEqual(remote('west'), { from: 'west', service: 'inventory', cluster: 'east' });
  assert.deepEqual(remote('east'), { from: 'east', service: 'billing', cluster: 'west' });
  assert.throws(() => givenRemote(meshWith({ catalog: { west: 1, east: 1 } }), testInfo), Skipped);
});
