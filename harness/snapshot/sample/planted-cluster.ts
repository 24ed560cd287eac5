import { stringify } from 'yaml';
import { keptFields } from '../kept-fields.ts';
import { all, encode, key, opaque, planted, token } from './planted-secrets.ts';

const meta = (namespace: string, name: string, labels: object = {}) => ({
  ...{ namespace, name, labels: { app: name, ...labels, leaked: token } },
  annotations: {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { key, token, opaque } }),
    [`example.com/${opaque}`]: all,
  },
  creationTimestamp: '2026-11-01T00:00:00Z',
});
const env = [
  { name: 'CLUSTER_ID', value: 'west' },
  { name: 'PASSWORD', value: opaque },
  { name: 'PROXY_CONFIG', value: JSON.stringify({ proxyMetadata: { KEY: key, WORD: opaque } }) },
];
const container = (name: string) => ({ name, image: 'x:1', env, args: ['proxy', 'router'] });
const podOf = (namespace: string, name: string, labels: object) =>
  planted('Pod', {
    metadata: meta(namespace, name, labels),
    spec: {
      nodeName: 'n',
      containers: [container('istio-proxy'), container('discovery')],
      initContainers: [{ name: 'init' }],
    },
    status: {
      ...{ phase: 'Running', podIP: '10.0.0.1' },
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'istio-proxy', state: { waiting: { reason: 'Error' } } }],
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
    data: { east: encode(stringify(planted('RemoteSecret', remote))), broken: encode(`: [${all}`) },
  },
};

/** The fields of a specification around its secrets. */
const bases: Record<string, Record<string, unknown>> = {
  AuthorizationPolicy: { rules: [{ when: [{ key: 'request.headers[x-team]' }] }] },
};
const kindsOf = (group: string) => Object.keys(keptFields[group] ?? {});
const groups = Object.keys(keptFields);

/** The kinds without a field for free text: names, hosts, ports and labels only. */
export const kindsWithoutText = [
  ...['PeerAuthentication', 'ServiceEntry', 'WorkloadEntry', 'NetworkPolicy', 'ServiceImport'],
];

/** A resource as an API server lists it, with its kind. */
export interface PlantedResource {
  kind: string;
  spec: Record<string, unknown>;
}

const pluralOf = (kind: string) => `${kind.toLowerCase().replace(/y$/, 'ie').replace(/ss$/, 'sse')}s`;

/** An object of each kind, by the path of its list. */
export const resources: ReadonlyMap<string, PlantedResource> = new Map(
  groups.flatMap((group) =>
    kindsOf(group).map((kind) => {
      const name = group === 'gateway.networking.k8s.io' && kind === 'Gateway' ? 'KubernetesGateway' : kind;
      const spec = kindsWithoutText.includes(kind) ? {} : planted(name as 'Gateway', bases[kind] ?? {});
      const object = { metadata: meta('istio-system', kind.toLowerCase()), spec };
      return [`/apis/${group}/v1/${pluralOf(kind)}`, planted('Resource', { ...object, kind })] as const;
    }),
  ),
);

const lists: Record<string, object[]> = {
  secrets: Object.values(secretsOf),
  namespaces: [planted('Namespace', { metadata: meta('', 'istio-system') })],
  pods: [podOf('istio-system', 'istiod', {}), podOf('istio-system', 'gateway', {})],
  services: [
    planted('Service', { metadata: meta('istio-system', 'istiod'), spec: { ports: [], selector: {} } }),
  ],
  deployments: [
    planted('Deployment', {
      metadata: meta('istio-system', 'istiod'),
      spec: {
        selector: {},
        template: { metadata: meta('', 'istiod'), spec: { containers: [container('discovery')] } },
      },
    }),
  ],
  nodes: [planted('Node', { metadata: meta('', 'n'), spec: {}, status: {} })],
  serviceaccounts: [planted('ServiceAccount', { metadata: meta('istio-system', 'a') })],
  configmaps: [
    planted('ConfigMap', {
      metadata: meta('istio-system', 'istio'),
      data: {
        mesh: stringify(planted('MeshConfig', { extensionProviders: [{ name: 'p' }] })),
        meshNetworks: stringify({
          networks: planted('MeshNetworks', { n: { endpoints: [{ fromRegistry: 'west' }] } }),
        }),
      },
    }),
    {
      metadata: meta('istio-system', 'istio-sidecar-injector'),
      data: { values: JSON.stringify(planted('InjectorValues', {})), config: all },
    },
    { metadata: meta('istio-system', 'istio-ca-root-cert'), data: { 'root-cert.pem': key } },
  ],
  mutatingwebhookconfigurations: [
    planted('Webhook', {
      metadata: meta('', 'hook'),
      webhooks: [
        {
          name: 'x.sidecar-injector.istio.io',
          clientConfig: { caBundle: encode(key), url: `https://a:${opaque}@b/?${opaque}` },
        },
      ],
    }),
  ],
};

/** The answer of an API server with a secret in every possible place; undefined for a log. */
export function answer({ pathname }: URL): unknown {
  if (pathname === '/apis')
    return { groups: groups.map((name) => ({ name, versions: [{ version: 'v1' }] })) };
  const group = groups.find((one) => pathname === `/apis/${one}/v1`);
  if (group !== undefined)
    return { resources: kindsOf(group).map((kind) => ({ kind, name: pluralOf(kind) })) };
  if (pathname.endsWith('/log')) return undefined;
  const secret = /\/secrets\/(.+)$/.exec(pathname)?.[1];
  if (secret !== undefined) return secretsOf[secret];
  const resource = resources.get(pathname);
  return { gitVersion: 'v1', items: resource ? [resource] : (lists[pathname.split('/').at(-1) ?? ''] ?? []) };
}
