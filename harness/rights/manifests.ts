import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import { managedBy } from '../config/workload-names.ts';
import { optionalRoles, reachOf, type Right } from './right.ts';

/** The account that gets the rights. */
export interface Account {
  namespace: string;
  name: string;
}

/** One object to apply, and what an administrator has to know of it. */
export interface RightsManifest {
  object: V1ServiceAccount | V1Role | V1ClusterRole | V1RoleBinding | V1ClusterRoleBinding;
  notes: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;

/**
 * The manifests that give rights to an account, in the order in which they can be applied: the account, then each role with its
 * binding. Rights in one namespace are a Role there; the others are a ClusterRole, and each optional part is its own ClusterRole.
 *
 * @param name of the roles and bindings, such as `meshproof-doctor`.
 */
export function rightsManifests(name: string, rights: readonly Right[], account: Account): RightsManifest[] {
  const roles = Map.groupBy(rights, ({ namespace, optional }) => JSON.stringify([namespace, optional]));
  const serviceAccount: V1ServiceAccount = {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount' },
    metadata: { name: account.name, namespace: account.namespace, labels: managedBy },
  };
  return [
    { object: serviceAccount, notes: [] },
    ...[...roles.values()].flatMap((all) => roleOf(name, all, account)),
  ];
}

function roleOf(base: string, rights: readonly Right[], account: Account): RightsManifest[] {
  const [{ namespace, optional } = {}] = rights;
  const name = optional === undefined ? base : `${base}-${optional}`;
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels: managedBy };
  const subject = { kind: 'ServiceAccount', name: account.name, namespace: account.namespace };
  const reach = new Set(rights.flatMap(reachOf));
  return [
    {
      object: { apiVersion, kind, metadata, rules: rulesOf(rights) },
      notes: [
        ...(optional === undefined ? [] : [`Optional. ${optionalRoles[optional]}`]),
        ...[...reach].map((what) => `Caution: the account ${what}.`),
      ],
    },
    {
      object: {
        ...{ apiVersion, kind: `${kind}Binding`, metadata },
        roleRef: { apiGroup: rbac, kind, name },
        subjects: [subject],
      },
      notes: [],
    },
  ];
}

/** One rule for all resources of a group with the same verbs and names. */
export function rulesOf(rights: readonly Right[]): V1PolicyRule[] {
  const alike = Map.groupBy(withAllVerbs(rights), ({ group, names, verbs }) =>
    JSON.stringify([group, names, verbs]),
  );
  return [...alike.values()].flatMap((all) => {
    const [first] = all;
    if (!first) return [];
    const { group, names, verbs } = first;
    return [
      {
        ...{ apiGroups: [group], resources: all.map(({ resource }) => resource) },
        ...(names === undefined ? {} : { resourceNames: [...names] }),
        verbs: [...verbs],
      },
    ];
  });
}

/** Rights on the same objects are one, with the verbs of all. */
function withAllVerbs(rights: readonly Right[]): Right[] {
  const same = Map.groupBy(rights, ({ group, resource, names }) => JSON.stringify([group, resource, names]));
  return [...same.values()].flatMap((all) => {
    const [first] = all;
    const verbs = [...new Set(all.flatMap((one) => one.verbs))].sort();
    return first ? [{ ...first, verbs }] : [];
  });
}
