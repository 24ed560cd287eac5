import { keptFields } from '../snapshot/kept-fields.ts';
import { listed, rootConfigMapsPath } from '../snapshot/lists.ts';
import type { Source } from '../snapshot/schema.ts';
import { askedBy } from './asked.ts';
import type { AccessVerb, Right, Scope } from './right.ts';

/**
 * What `doctor` asks an API server for. It changes nothing, yet two of its rights give more than they seem to
 * ({@link reachOf}): who lists Secrets reads them, and who forwards ports reaches every port of every pod.
 */
export function doctorRights(scope: Scope): Right[] {
  return [...listRights(scope), ...kindRights(), ...secretRights(scope), ...proxyRights(scope)];
}

/** What `gather` asks for: the same, and logs. */
export const gatherRights = (scope: Scope): Right[] => [
  ...doctorRights(scope),
  ...inNamespaces(scope, 'all-logs', (where) => ({
    ...{ verbs: ['get'], group: '', resource: 'pods/log', ...where },
    lost: `the archive has no logs of istiods, gateways and sidecars${placeIn(where)}`,
  })),
];

/** The lists of a snapshot, from the paths that it asks for. */
function listRights({ rootNamespace }: Scope): Right[] {
  const paths = [
    ...Object.values(listed),
    { part: 'installs', path: rootConfigMapsPath(rootNamespace) },
  ] as const;
  const byResource = Map.groupBy(paths, ({ path }) => {
    const [{ group, resource } = { group: '', resource: '' }] = askedBy({ method: 'GET', path });
    return `${group}/${resource}`;
  });
  return [...byResource].map(([key, all]): Right => {
    const [group = '', resource = ''] = key.split('/');
    const own = [...new Set(all.map(({ part }) => part))];
    const parts: Source[] = own.flatMap((part) => [part, ...(foundByPods[part] ?? [])]);
    return { verbs: ['list'], group, resource, lost: `the doctor does not see ${partWords(own)}`, parts };
  });
}

/** Parts that are read from pods. */
const foundByPods: Partial<Record<Source, readonly Source[]>> = { pods: ['istiods', 'proxies', 'probes'] };

const partWords = (parts: readonly Source[]): string =>
  parts.map((part) => wordings[part] ?? part).join(' and ');
const wordings: Partial<Record<Source, string>> = {
  pods: 'pods, and so neither istiods nor proxies',
  serviceAccounts: 'ServiceAccounts',
  roots: 'the root certificates that workloads trust',
  webhooks: 'sidecar injectors',
  workloads: 'Deployments, StatefulSets and DaemonSets',
  installs: 'the settings of istiods',
};

const kindRights = (): Right[] =>
  Object.entries(keptFields).flatMap(([group, kinds]) =>
    Object.keys(kinds).map((kind): Right => ({
      ...{ verbs: ['list'], group, resource: pluralOf(kind) },
      ...{ lost: `the doctor does not see objects of kind ${kind} (${group})`, parts: ['resources'] },
    })),
  );

/** The plural by which an API server serves a kind of {@link keptFields}. */
export function pluralOf(kind: string): string {
  const name = kind.toLowerCase();
  if (/[^aeiou]y$/.test(name)) return `${name.slice(0, -1)}ies`;
  return name.endsWith('s') ? `${name}es` : `${name}s`;
}

/** RBAC cannot limit a list to metadata, which is all that the doctor lists of Secrets that it does not need. */
function secretRights({ rootNamespace: namespace }: Scope): Right[] {
  const secret = { group: '', resource: 'secrets' };
  const parts: Source[] = ['authorities', 'remoteSecrets'];
  return [
    {
      ...secret,
      verbs: ['list'],
      namespace,
      lost: `the doctor does not find Secrets in ${namespace}`,
      parts,
    },
    {
      ...{ ...secret, verbs: ['get'], namespace, parts },
      lost: `the doctor does not read the certificate authority and remote secrets in ${namespace}`,
    },
    {
      ...{ ...secret, verbs: ['list'], parts: ['remoteSecrets'], optional: 'all-secrets' },
      lost: 'the doctor does not find remote secrets in other namespaces',
    },
    {
      ...{ ...secret, verbs: ['get'], parts: ['remoteSecrets'], optional: 'all-secrets', seldom: true },
      lost: 'the doctor does not read remote secrets in other namespaces',
    },
  ];
}

/** Debug pages of istiods, dumps of proxies, and connections from meshproof's own pods all go through port forwards. */
const proxyRights = (scope: Scope): Right[] =>
  inNamespaces(scope, 'all-proxies', (where) => ({
    ...{ verbs: forwardVerbs, group: '', resource: 'pods/portforward', ...where },
    lost: `the doctor reads neither istiods nor proxies${placeIn(where)}, and does not connect from pods there`,
    parts: ['istiods', 'proxies', 'probes'],
  }));

/** Both, since Kubernetes 1.35: see {@link askedBy}. */
export const forwardVerbs: readonly AccessVerb[] = ['get', 'create'];

type Where = Pick<Right, 'namespace' | 'optional'>;

const placeIn = ({ namespace }: Where): string => ` in ${namespace ?? 'other namespaces'}`;

/** The same right in each namespace that is known, and in every other one as an optional role. */
const inNamespaces = (scope: Scope, optional: Right['optional'], make: (where: Where) => Right): Right[] => [
  ...namespacesOf(scope).map((namespace) => make({ namespace })),
  make({ ...(optional === undefined ? {} : { optional }) }),
];

/** The namespaces of a scope, each once. */
export const namespacesOf = ({ rootNamespace, gatewayNamespace, namespace }: Scope): string[] => [
  ...new Set([rootNamespace, gatewayNamespace, namespace]),
];
