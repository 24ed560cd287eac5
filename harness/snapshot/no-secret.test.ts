import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadMeshFile } from '../config/load.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { attach } from '../mesh/attach.ts';
import { CertificateBook } from './certificate-book.ts';
import { collectSnapshot } from './collect.ts';
import { Gaps } from './gaps.ts';
import { readIstiod } from './istiod-view.ts';
import { keptFields } from './kept-fields.ts';
import { kept, type Kept, type KeptTable, snapshotHash } from './kept.ts';
import { collectLogs } from './logs.ts';
import { readProxy } from './proxy-view.ts';
import { gathered } from './read-snapshot.ts';
import { answer, kindsWithoutText, resources } from './sample/planted-cluster.ts';
import {
  all,
  encode,
  expectClean,
  found,
  key,
  opaque,
  plantedLog,
  secrets,
  token,
} from './sample/planted-secrets.ts';
import { sampleSnapshot } from './sample/sample.ts';

/** A row that keeps a value as it is; of a list, what its first element has. */
function keepingAllOf(value: unknown): Kept {
  if (Array.isArray(value)) return keepingAllOf(value[0]);
  if (typeof value !== 'object' || value === null) return 'keep';
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, keepingAllOf(each)]));
}

test('every field of every kind would show its secrets if it were kept', () => {
  assert.equal(new Set(secrets).size, 524);
  const hash = snapshotHash();
  for (const [path, { kind, spec }] of resources) {
    const [group = ''] = path.split('/').slice(2);
    const table = keptFields[group]?.[kind] ?? assert.fail(path);
    const shown = (as: KeptTable) => found(JSON.stringify(kept(spec, as, hash)));
    assert.deepEqual(shown(table), [], path);
    assert.equal(Object.keys(spec).length === 0, kindsWithoutText.includes(kind), path);
    for (const field of Object.keys(spec))
      assert.notDeepEqual(shown({ ...table, [field]: keepingAllOf(spec[field]) }), [], `${path} ${field}`);
  }
});

test('no planted secret gets into a snapshot or archive', async () => {
  const listener: RequestListener = (request, response) => {
    const body = answer(new URL(request.url ?? '/', 'http://x'));
    if (request.headers.upgrade !== undefined) response.destroy();
    else response.end(body === undefined ? plantedLog : JSON.stringify(body));
  };
  await using servers = await startApiServers(
    { west: listener },
    { users: [{ name: 'u', user: { token } }] },
  );
  await using mesh = attach(loadMeshFile(servers.meshFile()));
  const snapshot = await collectSnapshot(mesh, { meshproof: 'test' });
  const [west] = snapshot.clusters;
  assert.ok(west);
  // It was all read: otherwise its absence would prove nothing.
  assert.deepEqual(
    west.remoteSecrets.map(({ cluster, credential }) => [cluster, credential]),
    [
      ['east', 'token'],
      ['broken', 'none'],
    ],
  );
  assert.equal(west.remoteSecrets[0]?.token?.subject, 'system:serviceaccount:istio-system:reader');
  assert.deepEqual(
    west.authorities.map(({ secret, keys }) => [secret, keys.length]),
    [['cacerts', 4]],
  );
  assert.deepEqual(
    [west.pods.length, west.resources.length, west.installs.length, west.webhooks.length],
    [2, resources.size, 1, 1],
  );
  expectClean(JSON.stringify(snapshot), 'the snapshot');

  const logs = await collectLogs(mesh, snapshot, {
    sinceMs: 1_000,
    linesPerContainer: 10,
    charactersPerContainer: 99_999,
  });
  for (const { content } of logs) assert.match(content, /^line\n[^]*\nlast line$/);
  assert.match(logs[0]?.content ?? '', /"GET \/pay\?\[redacted\] HTTP\/1\.1" 200/);
  expectClean(gunzipSync(await gathered('x', snapshot, logs)).toString('latin1'), 'the archive');
});

test('answers of istiod and Envoy do not bring a secret into a snapshot', async () => {
  const { clusters } = sampleSnapshot();
  const pod = clusters[0]?.pods.find(({ proxy }) => proxy);
  assert.ok(pod);
  const question = {
    pod,
    book: new CertificateBook(),
    gaps: new Gaps(),
    shardsPerIstiod: 9,
    upstreamsPerProxy: 9,
  };
  const pages: Record<string, unknown> = {
    '/version': '1.31',
    '/debug/clusterz': [{ id: 'west', kubeconfig: all, secretName: 's' }],
    '/debug/networkz': [{ Network: 'n', Secret: all }],
    '/debug/endpointShardz': {
      'h.svc': { ns: { Shards: { 'Kubernetes/west': [{ Labels: { l: all }, ServicePortName: 'http' }] } } },
    },
    '/debug/syncz': [
      {
        ...{ proxy: 'p.ns', metadata: all },
        resources: { 'a.Cluster': { sent: '1', acked: '2', lastError: `name: "${opaque}" ${token}` } },
      },
    ],
    '/debug/mesh': {
      defaultConfig: { proxyMetadata: { W: opaque, K: key } },
      extensionProviders: [{ name: 'p', token }],
    },
    '/ready': 'LIVE',
    '/clusters?format=json': {
      cluster_statuses: [{ name: 'outbound|80||h', host_statuses: [{ address: {}, leaked: all }] }],
    },
    '/config_dump?include_eds': {
      configs: [
        { bootstrap: { node: { metadata: { ANNOTATIONS: { [opaque]: all }, PROXY_CONFIG: all } } } },
        { dynamic_active_clusters: [{ cluster: { name: 'outbound|80||h', metadata: { x: all } } }] },
        {
          dynamic_listeners: [
            { name: 'l', active_state: { listener: { name: 'l', filter_chains: [{ filters: [all] }] } } },
          ],
        },
        {
          dynamic_active_secrets: [
            {
              name: 'default',
              secret: {
                tls_certificate: {
                  private_key: { inline_bytes: encode(key) },
                  certificate_chain: { inline_bytes: encode(all) },
                },
              },
            },
          ],
        },
      ],
    },
  };
  const view = {
    body: (page: string) =>
      Promise.resolve(typeof pages[page] === 'string' ? pages[page] : JSON.stringify(pages[page])),
  };
  const seen = [await readIstiod(view, question), await readProxy(view, question)];
  assert.deepEqual(question.gaps.list, []);
  assert.equal(seen.length, 2);
  expectClean(JSON.stringify([seen, question.book.certificates()]), 'what istiod and Envoy said');
});
