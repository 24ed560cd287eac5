import { forwardVerbs, namespacesOf, pluralOf } from './doctor.ts';
import type { AccessVerb, Right, Scope } from './right.ts';

/** Kinds that suites apply to meshproof's namespace, by API group. */
export const suiteKinds: Readonly<Record<string, readonly string[]>> = {
  'networking.istio.io': ['DestinationRule', 'VirtualService'],
  'security.istio.io': ['AuthorizationPolicy', 'PeerAuthentication'],
  apps: ['Deployment'],
  '': ['Service', 'ServiceAccount'],
};

/** Kinds that only defects of the self-test apply. Every run looks for what a killed self-test left of them. */
export const defectKinds: Readonly<Record<string, readonly string[]>> = {
  'networking.istio.io': ['ServiceEntry', 'Gateway', 'Sidecar'],
  '': ['ConfigMap'],
};

type Rest = Pick<Right, 'lost'> & Partial<Pick<Right, 'namespace' | 'names' | 'seldom'>>;

/** The same right on several resources, each written `resource` or `resource.group`. */
const may = (verbs: readonly AccessVerb[], resources: readonly string[], rest: Rest): Right[] =>
  resources.map((each) => {
    const [resource = '', ...group] = each.split('.');
    return { verbs, group: group.join('.'), resource, ...rest };
  });

const resourcesOf = (kindsByGroup: Readonly<Record<string, readonly string[]>>): string[] =>
  Object.entries(kindsByGroup).flatMap(([group, kinds]) =>
    kinds.map((kind) => (group === '' ? pluralOf(kind) : `${pluralOf(kind)}.${group}`)),
  );
const applied = resourcesOf(suiteKinds);
const leftBehind = [...applied, ...resourcesOf(defectKinds)];

/**
 * What `run` and `chaos run` ask for to judge promises that need no `--allow`. In meshproof's namespace the account
 * creates Deployments: see {@link reachOf}. In the root namespace it lists Secrets, which is how leftovers of a killed
 * run and the reader accounts of DIS-03 are found.
 */
export function runRights(scope: Scope): Right[] {
  return [...lookRights(scope), ...judgeRights(scope), ...ownRights(scope)];
}

/** What every run looks at first: marks that a killed run left. `heal` does nothing else in a mesh without leftovers. */
function lookRights(scope: Scope): Right[] {
  const lost = 'leftovers of a killed run are not found, so nothing is judged';
  return [
    ...may(['list'], ['namespaces', 'nodes'], { lost }),
    ...namespacesOf(scope).flatMap((namespace) =>
      may(['list'], [...leftBehind, 'secrets'], { namespace, lost }),
    ),
    ...may(['list'], ['pods'], { namespace: scope.namespace, lost }),
  ];
}

function judgeRights({ rootNamespace: namespace }: Scope): Right[] {
  return [
    ...may(['list'], ['pods'], { lost: 'CON-05 does not know which addresses are pods' }),
    ...may(['get'], ['namespaces'], {
      ...{ names: ['kube-system'], seldom: true },
      lost: 'a fault cannot be recorded for the cluster that it is in',
    }),
    ...may(forwardVerbs, ['pods/portforward'], {
      namespace,
      lost: 'debug pages of istiods and the ingress gateway are not read (DIS-01, DIS-02, the readiness gate)',
    }),
  ];
}

/** Everything that suites do in meshproof's own namespace. */
function ownRights({ namespace }: Scope): Right[] {
  const apply = 'promises that apply Istio configuration are not judged';
  const disturb = 'promises that scale, restart or break meshproof’s own pods are not judged';
  return [
    ...may(['get', 'create', 'patch', 'update', 'delete'], applied, { namespace, lost: apply }),
    ...may(['get'], ['configmaps'], {
      ...{ namespace, names: ['istio-ca-root-cert'] },
      lost: 'SEC-01 does not see the trusted roots',
    }),
    ...may(forwardVerbs, ['pods/portforward'], {
      namespace,
      lost: 'no request is sent from a pod of the mesh',
    }),
    ...may(['get', 'update'], ['deployments/scale.apps'], { namespace, lost: disturb }),
    ...may(['patch', 'delete'], ['pods'], { namespace, lost: disturb }),
    ...may(['list'], ['endpointslices.discovery.k8s.io'], { namespace, lost: disturb }),
  ];
}

/**
 * What `chaos` asks for: the same, and what faults of gateways, istiods, remote secrets and nodes change on a mesh that is not a
 * lab. The account writes Secrets and Deployments in the root namespace: it controls the mesh.
 */
export function chaosRights(scope: Scope): Right[] {
  const { rootNamespace, gatewayNamespace } = scope;
  return [...runRights(scope), ...repairRights(scope), ...faultRights(rootNamespace, gatewayNamespace)];
}

function faultRights(rootNamespace: string, gatewayNamespace: string): Right[] {
  const gateway = 'faults of gateways cannot be injected';
  const istiod = 'faults of istiods and remote secrets cannot be injected';
  const places = [...new Set([rootNamespace, gatewayNamespace])];
  return [
    ...places.flatMap((namespace) => [
      ...may(['delete'], ['pods'], { namespace, lost: gateway }),
      ...may(['list'], ['endpointslices.discovery.k8s.io'], { namespace, lost: gateway }),
    ]),
    ...(gatewayNamespace === rootNamespace
      ? []
      : may(forwardVerbs, ['pods/portforward'], { namespace: gatewayNamespace, lost: gateway })),
    ...may(['list'], ['services'], { namespace: rootNamespace, lost: istiod }),
    ...may(['get'], ['pods/log'], { namespace: rootNamespace, lost: istiod }),
  ];
}

/**
 * What `heal` asks for: it looks in every run, and it changes what a fault has left. Its rights in the root namespace include
 * writing Secrets, which remote secrets are restored with.
 */
export const healRights = (scope: Scope): Right[] => [
  ...lookRights(scope),
  ...repairRights(scope),
  ...ownRepairRights(scope),
];

function ownRepairRights({ namespace }: Scope): Right[] {
  const lost = 'leftovers in meshproof’s namespace are not removed';
  const rest = { namespace, lost, seldom: true } as const;
  return [
    ...may(['delete'], leftBehind, rest),
    ...may(['patch'], ['pods'], rest),
    ...may(forwardVerbs, ['pods/portforward'], rest),
  ];
}

/** Outside of meshproof's namespace, in which leftovers are objects that suites applied. */
function repairRights(scope: Scope): Right[] {
  const { rootNamespace } = scope;
  const lost = 'leftovers of a fault are found and cannot be undone';
  const seldom = true;
  const kept = ['get', 'create', 'update', 'patch', 'delete'] as const;
  return [
    ...may(['patch'], ['nodes'], { lost, seldom }),
    ...may(['get'], ['namespaces'], { names: ['kube-system'], lost, seldom }),
    ...namespacesOf(scope).flatMap((namespace) => [
      ...may(['get', 'patch'], ['deployments.apps'], { namespace, lost, seldom }),
      ...may(['get', 'update'], ['deployments/scale.apps'], { namespace, lost, seldom }),
      ...may(['delete'], ['secrets'], { namespace, lost, seldom }),
      ...may(['list'], ['pods'], { namespace, lost, seldom }),
    ]),
    ...may(kept, ['secrets', 'configmaps'], { namespace: rootNamespace, lost, seldom }),
    ...may(forwardVerbs, ['pods/portforward'], { namespace: rootNamespace, lost, seldom }),
  ];
}
