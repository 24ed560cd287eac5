import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadMeshFile } from '../config/load.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { attach } from '../mesh/attach.ts';
import { CertificateBook } from './certificate-book.ts';
import { collectSnapshot } from './collect.ts';
import { Gaps } from './gaps.ts';
import { readIstiod } from './istiod-view.ts';
import { readProxy } from './proxy-view.ts';
import { answer } from './sample/planted-cluster.ts';
import { sampleSnapshot } from './sample/sample.ts';
import { snapshotSchema, type ClusterSnapshot } from './schema.ts';
import { istiod, proxy } from './shape-observed.ts';

type Answer = (url: URL) => unknown;

/** The record of a cluster whose API server answers so. */
async function collected(answers: Answer): Promise<ClusterSnapshot> {
  const listener: RequestListener = (request, response) => {
    if (request.headers.upgrade !== undefined) response.destroy();
    else response.end(JSON.stringify(answers(new URL(request.url ?? '/', 'http://x')) ?? null));
  };
  await using servers = await startApiServers({ west: listener });
  await using mesh = attach(loadMeshFile(servers.meshFile()));
  const snapshot = await collectSnapshot(mesh, { meshproof: 'test' });
  assert.deepEqual(snapshotSchema.parse(snapshot), snapshot);
  return snapshot.clusters[0] ?? assert.fail();
}

type Node = Record<string, unknown> | unknown[];
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nodesOf = (value: unknown): Node[] =>
  isNode(value) ? [value, ...Object.values(value).flatMap(nodesOf)] : [];

const odd = fc.constantFrom<unknown>(null, undefined, [], [null], {}, '', 'x', '{', 7, true);
const change = fc.record({ node: fc.nat(), key: fc.nat(), value: odd });
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** A copy with something odd in one place, itself included. */
function changed(value: unknown, { node, key, value: strange }: Change): unknown {
  const copy = structuredClone(value);
  const nodes = nodesOf(copy);
  const target = nodes[node % (nodes.length + 1)] as Record<string, unknown> | undefined;
  if (!target) return strange;
  const keys = Object.keys(target);
  const at = keys[key % Math.max(1, keys.length)];
  if (at !== undefined) target[at] = strange;
  return copy;
}

/** Without pods that would be asked in turn, which takes its time. */
function quiet(url: URL): unknown {
  const said = JSON.stringify(answer(url) ?? null);
  const all = url.pathname.endsWith('/pods')
    ? said.replaceAll(/istio-proxy|"istiod"/g, (one) => one.replace('isti', 'x'))
    : said;
  return JSON.parse(all) as unknown;
}

const paths = [
  ...['/version', '/apis', '/apis/networking.istio.io/v1', '/virtualservices', '/wasmplugins', '/log'],
  ...['/namespaces', '/services', '/pods', '/nodes', '/serviceaccounts', '/configmaps', '/deployments'],
  ...['/mutatingwebhookconfigurations', '/secrets', '/secrets/cacerts', '/istio-remote-secret-east'],
];

test('whatever an API server answers gives a snapshot of the rest', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.constantFrom(...paths), fc.array(change, { minLength: 1, maxLength: 3 }), {
        minKeys: 1,
        maxKeys: 4,
      }),
      async (changes) => {
        const west = await collected((url) => {
          const [, of = []] = Object.entries(changes).find(([end]) => url.pathname.endsWith(end)) ?? [];
          return of.reduce((value: unknown, one) => changed(value, one), quiet(url));
        });
        assert.equal(west.reachable, true);
        if (!('/nodes' in changes)) assert.equal(west.nodes.length, 1);
      },
    ),
    { numRuns: 60 },
  );
});

test('an odd record is left out and named, and takes no other with it', async () => {
  const meta = (name: string) => ({ namespace: 'shop', name });
  const fine = { metadata: meta('fine'), spec: { ports: [], selector: {} } };
  const extra: Record<string, object[]> = {
    '/services': [fine, { metadata: meta('odd'), spec: { ports: 'http' } }],
    '/pods': [
      { metadata: meta('odd'), spec: { containers: null } },
      { metadata: { ...meta('odd2'), labels: [1] } },
    ],
    '/virtualservices': [{ metadata: meta('empty'), spec: null, status: null }],
    '/configmaps': [
      { metadata: { namespace: 'istio-system', name: 'istio' }, data: { meshNetworks: 'networks: [a]' } },
    ],
    '/mutatingwebhookconfigurations': [{ metadata: { name: 'odd' }, webhooks: [{}] }],
  };
  const west = await collected((url) => {
    const said = answer(url) as { items?: object[] };
    const more = Object.entries(extra).find(([end]) => url.pathname.endsWith(end))?.[1];
    return more ? { ...said, items: [...(said.items ?? []), ...more] } : said;
  });
  assert.deepEqual(
    west.services.map(({ name }) => name),
    ['istiod', 'fine'],
  );
  assert.deepEqual([west.pods.length, west.webhooks.length, west.installs.length], [3, 1, 1]);
  assert.deepEqual(west.resources.find(({ name }) => name === 'empty')?.spec, {});
  assert.deepEqual(west.installs[0]?.meshNetworks, {});
  const named = west.missing.filter(
    ({ reason, what }) => reason === 'failed' && !['istiods', 'proxies'].includes(what),
  );
  assert.deepEqual(named.map(({ what, of }) => `${what} ${of}`).toSorted(), [
    'installs istio-system, revision default',
    'pods shop/odd2',
    'services shop/odd',
    'webhooks odd',
  ]);
  assert.ok(named.every(({ why }) => !why.includes('http')));
});

test('whatever istiod and Envoy answer gives a record, or a gap', async () => {
  const pod = sampleSnapshot().clusters[0]?.pods[0] ?? assert.fail();
  const pages: Record<string, unknown> = {
    '/version': '1.31',
    '/debug/clusterz': [{ id: 'west', secretName: 's', syncStatus: 'synced' }],
    '/debug/networkz': [{ Network: 'n', Cluster: 'west', Addr: 'a', Port: 1 }],
    '/debug/endpointShardz': {
      h: { ns: { Shards: { 'Kubernetes/west': [{ Addresses: ['a'], Locality: {} }] } } },
    },
    '/debug/syncz': [{ proxy: 'p', resources: { C: { sent: '1', acked: '', sentTime: '2026-01-01' } } }],
    '/debug/mesh': { trustDomain: 'a', localityLbSetting: { failover: [{ from: 'a', to: 'b' }] } },
    '/ready': 'LIVE',
    '/clusters?format=json': { cluster_statuses: [{ name: 'c', host_statuses: [{ address: {} }] }] },
    '/config_dump?include_eds': { configs: [{ dynamic_active_clusters: [{ cluster: { name: 'c' } }] }] },
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(pages)), change, async (page, one) => {
      const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
      const body = (asked: string) =>
        Promise.resolve(text(asked === page ? changed(pages[asked], one) : pages[asked]));
      const own = { pod, book: new CertificateBook(), shardsPerIstiod: 9, upstreamsPerProxy: 9 };
      const gaps = new Gaps();
      const [seen] = [await gaps.attempt('istiods', () => readIstiod({ body }, { ...own, gaps }), undefined)];
      const envoy = await gaps.attempt('proxies', () => readProxy({ body }, { ...own, gaps }), undefined);
      if (seen) istiod.parse(seen);
      if (envoy) proxy.parse(envoy);
      assert.ok((seen && envoy) || gaps.list.length > 0);
    }),
  );
});
