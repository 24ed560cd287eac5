import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { attach } from '../attach.ts';
import { parseMeshFile } from '../load.ts';
import { CertificateBook } from './certificate-book.ts';
import { collectSnapshot } from './collect.ts';
import { Gaps } from './gaps.ts';
import { gathered } from './gathered.ts';
import { readIstiod } from './istiod-view.ts';
import { collectLogs } from './logs.ts';
import { readProxy } from './proxy-view.ts';
import { samplePods } from './sample-kubernetes.ts';
import { sampleSnapshot } from './sample.ts';

const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const jwtOf = (claims: object) =>
  [{ alg: 'RS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.') + `.${'s1gnAturE-oF_a-toKen'.repeat(12)}`;
const token = jwtOf({ sub: 'system:serviceaccount:istio-system:reader', exp: 1_800_000_000 });
/** Known by its place alone: nothing about it looks like a secret. */
const opaque = 'plain-words-nobody-would-take-for-a-password';
const encode = (text: string) => Buffer.from(text).toString('base64');

/** Everything by which one of the planted secrets could be told again. */
const traces = [
  ...key.split('\n').filter((line) => line.length === 64),
  ...[key, token, opaque].map((secret) => encode(secret).slice(80, 140) || encode(secret)),
  token.split('.')[2] ?? '',
  token.slice(0, 60),
  opaque,
].filter((trace) => trace !== '');

const all = `${key}\n${token}\n${opaque}`;
const planted = {
  'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { key, token, opaque } }),
  [`example.com/${opaque}`]: all,
};
const meta = (namespace: string, name: string, labels: object = {}) => ({
  ...{ namespace, name, labels: { app: name, ...labels, leaked: token }, annotations: planted },
  creationTimestamp: '2026-11-01T00:00:00Z',
  managedFields: [{ fieldsV1: { [opaque]: {} } }],
});
const env = [
  { name: 'CLUSTER_ID', value: 'west' },
  { name: 'PASSWORD', value: opaque },
  { name: 'PILOT_SOME_TOKEN', value: token },
  { name: 'PROXY_CONFIG', value: JSON.stringify({ proxyMetadata: { KEY: key, WORD: opaque } }) },
];
const container = (name: string) => ({
  ...{ name, image: 'x:1', env, args: ['proxy', 'router', opaque], command: [token] },
});
const podOf = (namespace: string, name: string, labels: object) => ({
  metadata: meta(namespace, name, labels),
  spec: {
    nodeName: 'n',
    containers: [container('istio-proxy'), container('discovery')],
    volumes: [{ name: opaque }],
  },
  status: {
    ...{ phase: 'Running', podIP: '10.0.0.1', message: all },
    conditions: [{ type: 'Ready', status: 'True', message: all }],
    containerStatuses: [{ name: 'discovery', state: { waiting: { reason: 'Error', message: all } } }],
  },
});
const remote = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'c', cluster: { server: `http://user:${opaque}@127.0.0.1:1/?${opaque}` } }],
  users: [{ name: 'u', user: { token, password: opaque, 'client-key-data': encode(key) } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  'current-context': 'x',
};
const secretsOf: Record<string, object> = {
  cacerts: {
    metadata: meta('istio-system', 'cacerts'),
    data: {
      'ca-key.pem': encode(key),
      'ca-cert.pem': encode(all),
      'root-cert.pem': encode(all),
      extra: encode(opaque),
    },
  },
  'istio-remote-secret-east': {
    metadata: meta('istio-system', 'istio-remote-secret-east', { 'istio/multiCluster': 'true' }),
    data: { east: encode(stringify(remote)), broken: encode(`: [${all}`) },
  },
};

const resource = (name: string, spec: object) => ({
  metadata: meta('istio-system', name),
  spec,
  status: {
    conditions: [{ type: 'Reconciled', status: 'False', message: `cannot use ${token} and ${key}` }],
  },
});
const header = { name: 'Authorization', value: opaque };
const anyHeader = { type: 'Exact', name: 'x-team', value: opaque };
const resources: Record<string, object[]> = {
  virtualservices: [
    resource('vs', {
      http: [
        {
          headers: { request: { set: { Authorization: opaque, 'x-t': token } } },
          match: [
            { headers: { 'x-api-key': { exact: opaque }, cookie: { regex: `.*${opaque}.*` } } },
            { headers: { 'x-team': { prefix: opaque } }, withoutHeaders: { 'x-team': { exact: opaque } } },
            { queryParams: { token: { exact: opaque } } },
          ],
          redirect: { uri: `/login?key=${opaque}` },
          mirrors: [{ destination: { host: `https://x.example/?${opaque}` } }],
        },
      ],
    }),
  ],
  envoyfilters: [
    resource('ef', {
      configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { word: opaque } } }],
    }),
  ],
  workloadgroups: [
    resource('wg', {
      metadata: { labels: { app: 'vm' }, annotations: { word: opaque } },
      template: { serviceAccount: 'vm' },
      probe: {
        httpGet: { path: `/?${opaque}`, httpHeaders: [header, anyHeader] },
        exec: { command: [opaque] },
      },
    }),
  ],
  authorizationpolicies: [
    resource('ap', {
      rules: [
        {
          when: [
            { key: 'request.headers[x-token]', values: [opaque] },
            { key: 'request.headers[x-team]', values: ['a'], notValues: [opaque] },
          ],
        },
      ],
    }),
  ],
  httproutes: [
    resource('hr', {
      rules: [
        {
          matches: [{ headers: [anyHeader, header], queryParams: [{ name: 'token', value: opaque }] }],
          filters: [
            { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [header], add: [header] } },
          ],
        },
      ],
    }),
  ],
  wasmplugins: [
    resource('wp', {
      url: `https://x.example/p.wasm?sig=${opaque}&se=2027`,
      pluginConfig: { word: opaque, key },
    }),
  ],
};
const groups: Record<string, Record<string, string>> = {
  'networking.istio.io': {
    VirtualService: 'virtualservices',
    EnvoyFilter: 'envoyfilters',
    WorkloadGroup: 'workloadgroups',
  },
  'security.istio.io': { AuthorizationPolicy: 'authorizationpolicies' },
  'gateway.networking.k8s.io': { HTTPRoute: 'httproutes' },
  'extensions.istio.io': { WasmPlugin: 'wasmplugins' },
};

/** Lines of an access log, in Envoy's own format and as JSON. */
const accessLog = [
  `[2026-11-01T12:00:00.000Z] "GET /pay?card=${opaque}&x=1 HTTP/1.1" 200 - via_upstream`,
  `{"method":"GET","path":"/pay?${opaque}","response_code":200}`,
  `fetching https://x.example/p.wasm?sig=${opaque}`,
].join('\n');

/** What an API server would answer that has secrets in every place where one can stand. */
function answer(url: URL): unknown {
  const { pathname } = url;
  const group = Object.keys(groups).find((one) => pathname.startsWith(`/apis/${one}/v1`)) ?? '';
  if (pathname === '/apis')
    return { groups: Object.keys(groups).map((name) => ({ name, versions: [{ version: 'v1' }] })) };
  if (pathname === `/apis/${group}/v1`)
    return { resources: Object.entries(groups[group] ?? {}).map(([kind, name]) => ({ kind, name })) };
  if (pathname.endsWith('/log')) return undefined;
  const secret = /\/secrets\/(.+)$/.exec(pathname)?.[1];
  if (secret !== undefined) return secretsOf[secret];
  const last = pathname.split('/').at(-1) ?? '';
  const lists: Record<string, object[]> = {
    ...resources,
    secrets: Object.values(secretsOf),
    namespaces: [{ metadata: meta('', 'istio-system') }],
    pods: [podOf('istio-system', 'istiod', {}), podOf('istio-system', 'gateway', {})],
    services: [{ metadata: meta('istio-system', 'istiod'), spec: { ports: [], selector: {} } }],
    deployments: [
      {
        metadata: meta('istio-system', 'istiod'),
        spec: {
          selector: {},
          template: { metadata: meta('', 'istiod'), spec: { containers: [container('discovery')] } },
        },
      },
    ],
    nodes: [{ metadata: meta('', 'n'), spec: {}, status: {} }],
    serviceaccounts: [{ metadata: meta('istio-system', 'a'), secrets: [{ name: opaque }] }],
    configmaps: [
      {
        metadata: meta('istio-system', 'istio'),
        data: {
          mesh: stringify({ defaultConfig: { proxyMetadata: { WORD: opaque, KEY: key } } }),
          other: all,
        },
      },
      {
        metadata: meta('istio-system', 'istio-sidecar-injector'),
        data: { values: `{"x":"${opaque}"}`, config: all },
      },
      { metadata: meta('istio-system', 'istio-ca-root-cert'), data: { 'root-cert.pem': key } },
    ],
    mutatingwebhookconfigurations: [
      {
        metadata: meta('', 'hook'),
        webhooks: [
          {
            name: 'x.sidecar-injector.istio.io',
            clientConfig: { caBundle: encode(key), url: `https://a:${opaque}@b/?${opaque}` },
          },
        ],
      },
    ],
  };
  return { gitVersion: 'v1', items: lists[last] ?? [] };
}

function expectClean(text: string, where: string): void {
  for (const trace of traces) assert.ok(!text.includes(trace), `${where} holds ${trace.slice(0, 30)}…`);
}

test('no private key, token or password gets into a snapshot or archive, wherever it stands', async () => {
  await using server = createServer((request, response) => {
    const body = answer(new URL(request.url ?? '/', 'http://x'));
    if (request.headers.upgrade !== undefined) response.destroy();
    else
      response.end(
        body === undefined
          ? `line\n${all.replace(opaque, `password=${opaque}`)}\nBearer ${token}\n${accessLog}`
          : JSON.stringify(body),
      );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const folder = mkdtempSync(path.join(tmpdir(), 'meshproof-secrets-'));
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  const kubeconfig = {
    ...remote,
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user: { token } }],
  };
  writeFileSync(path.join(folder, 'k'), stringify(kubeconfig));
  const meshFile = {
    ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'm' },
    clusters: [{ name: 'west', kubeconfig: './k', context: 'x', network: 'n', region: 'r', zone: 'z' }],
    services: [{ name: 'probe', pods: { west: 1 } }],
  };
  await using mesh = attach(parseMeshFile(stringify(meshFile), path.join(folder, 'mesh.yaml')));
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
    [2, 6, 1, 1],
  );
  expectClean(JSON.stringify(snapshot), 'the snapshot');

  const logs = await collectLogs(mesh, snapshot, {
    sinceMs: 1_000,
    linesPerContainer: 10,
    bytesPerContainer: 9_999,
  });
  assert.ok(
    logs.length > 0 && logs.every(({ content }) => content.startsWith('line\n[redacted]')),
    logs[0]?.content,
  );
  assert.match(logs[0]?.content ?? '', /"GET \/pay\?\[redacted\] HTTP\/1\.1" 200/);
  expectClean(gunzipSync(await gathered('x', snapshot, logs)).toString('latin1'), 'the archive');
});

test('nothing of what istiod and Envoy answer brings a secret in', async () => {
  const declared = sampleSnapshot().declared;
  const pod = samplePods(declared, declared.clusters[0] ?? assert.fail()).find(({ proxy }) => proxy);
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
    '/debug/syncz': [{ proxy: 'p.ns', metadata: all, resources: { 'a.Cluster': { sent: '1', acked: '2' } } }],
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
        { bootstrap: { node: { metadata: { ANNOTATIONS: planted, PROXY_CONFIG: all } } } },
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
