import type { Source } from '../snapshot/schema.ts';

/** A verb of Kubernetes RBAC. */
export type AccessVerb =
  'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** Something that an account may do, as a rule of a Role or a ClusterRole. */
export interface Right {
  verbs: readonly AccessVerb[];
  /** The API group; empty for the core group. */
  group: string;
  /** The plural, with its subresource: `pods/portforward`. */
  resource: string;
  /** Absent: in every namespace, or for objects that have none. */
  namespace?: string;
  /** Absent: objects of any name. */
  names?: readonly string[];
  /** The effect on the command without it, as a clause: `the doctor does not see nodes`. */
  lost: string;
  /** The parts of a snapshot that are not read without it. */
  parts?: readonly Source[];
  /** Set if the right gets its own ClusterRole, which an administrator may leave out. */
  optional?: OptionalRole;
  /** Only some meshes, or some leftovers of a killed run, make the verb ask for it. */
  seldom?: true;
}

/** ClusterRoles of their own: each reaches into namespaces that are neither Istio's nor meshproof's. */
export const optionalRoles = {
  'all-secrets': 'Without it, the doctor looks for remote secrets in the root namespace only.',
  'all-proxies': 'Without it, the doctor reads istiods and proxies of the namespaces above only.',
  'all-logs': 'Without it, the archive has the logs of the namespaces above only.',
} as const;
export type OptionalRole = keyof typeof optionalRoles;

/** The namespaces of one cluster that rights are limited to. */
export interface Scope {
  /** Of istiod and the ingress gateway. */
  rootNamespace: string;
  /** Of meshproof's workloads. */
  namespace: string;
  /** Of the east-west gateway. */
  gatewayNamespace: string;
}

/** A request to an API server as RBAC sees it. */
export interface Asked {
  verb: AccessVerb;
  group: string;
  resource: string;
  namespace?: string;
  name?: string;
}

/** Whether a right allows a request. */
export const allows = (right: Right, asked: Asked): boolean =>
  right.verbs.includes(asked.verb) &&
  right.group === asked.group &&
  right.resource === asked.resource &&
  (right.namespace === undefined || right.namespace === asked.namespace) &&
  (right.names === undefined || (asked.name !== undefined && right.names.includes(asked.name)));

/** The requests that a right stands for, one for each verb and name. */
export const requestsOf = ({ verbs, group, resource, namespace, names }: Right): Asked[] =>
  verbs.flatMap((verb) =>
    (names ?? [undefined]).map((name) => ({
      ...{ verb, group, resource },
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    })),
  );

/** `list secrets in istio-system`, `get namespaces/meshproof`, `list nodes`. */
export function wordRight({ verbs, group, resource, namespace, names }: Right): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  const which = names === undefined ? '' : ` ${names.join(', ')}`;
  return `${verbs.join(', ')} ${what}${which}${namespace === undefined ? '' : ` in ${namespace}`}`;
}

/** The powers of a right beyond its name, a clause each. */
export function reachOf({ verbs, resource, namespace }: Right): string[] {
  const where = namespace === undefined ? 'in every namespace' : `in ${namespace}`;
  const can = (...wanted: AccessVerb[]) => wanted.some((verb) => verbs.includes(verb));
  const reach = [
    resource === 'secrets' &&
      can('get', 'list', 'watch') &&
      `reads every Secret ${where} with its content, such as keys of authorities and credentials of remote clusters`,
    resource === 'secrets' &&
      can('create') &&
      `gets tokens of every ServiceAccount ${where}, if it may also read the Secrets that it creates`,
    resource === 'configmaps' &&
      can('create', 'update', 'patch') &&
      `changes every ConfigMap ${where}; in the root namespace these configure the mesh and its sidecars`,
    resource === 'pods/portforward' &&
      `connects to any port of any pod ${where}, loopback ports included; network and authorization policies do not apply`,
    resource === 'deployments' &&
      can('create', 'update', 'patch') &&
      `runs code with the rights of any ServiceAccount ${where}, and mounts any Secret there`,
  ];
  return reach.filter((one) => one !== false);
}
