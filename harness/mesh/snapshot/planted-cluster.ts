import { stringify } from 'yaml';
import { all, encode, key, opaque, planted, token } from './planted-secrets.ts';

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
/** A kubeconfig with all that can be a secret in it. */
export const remote = {
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
export const accessLog = [
  `[2026-11-01T12:00:00.000Z] "GET /pay?card=${opaque}&x=1 HTTP/1.1" 200 - via_upstream`,
  `{"method":"GET","path":"/pay?${opaque}","response_code":200}`,
  `fetching https://x.example/p.wasm?sig=${opaque}`,
].join('\n');

/** What an API server would answer that has secrets in every place where one can stand. */
export function answer(url: URL): unknown {
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
