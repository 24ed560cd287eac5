import type { AccessRule, ReaderAccess } from '../mesh/reader-account.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, names } from './wording.ts';

const readVerbs = ['get', 'list', 'watch'];
const istioGroup = /^([a-z]+\.)*istio\.io$/;
const reviews = /^(token|subjectaccess|selfsubject|selfsubjectaccess|selfsubjectrules)reviews$/;

/** The role of the cluster that an account reads. */
type Role = NonNullable<ReaderAccess['role']>;

/**
 * The rights by which the istiod of a primary controls a remote cluster: it writes the root ConfigMaps and the CA bundles of webhooks there.
 * Istio's chart grants them with `istiodRemote.enabled` (istio-discovery/templates/reader-clusterrole.yaml).
 */
const remoteControl: Readonly<Record<string, readonly string[]>> = {
  'configmaps.': ['create', 'update'],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': ['update', 'patch'],
  'validatingwebhookconfigurations.admissionregistration.k8s.io': ['update'],
};

/** Objects of multi-cluster services, which the controllers of the mesh create. */
const exported = new Set(['serviceexports', 'serviceimports']);

/** Whether Istio's own reader role grants this right, or Kubernetes grants it to every account. */
function isAllowed(verb: string, group: string, resource: string, role: Role): boolean {
  // Other subresources grant access to pods or nodes (pods/exec, nodes/proxy) or more than istiod reads (pods/log).
  if (resource.includes('/') && !resource.endsWith('/status')) return false;
  if (verb === 'create' && reviews.test(resource)) return true;
  if (exported.has(resource) && ['create', 'delete'].includes(verb)) return true;
  if (role === 'remote' && remoteControl[`${resource}.${group}`]?.includes(verb)) return true;
  if (group === '*' || (resource === '*' && !istioGroup.test(group))) return false;
  return readVerbs.includes(verb);
}

const grantsOf = (rules: readonly AccessRule[]) =>
  rules.flatMap(({ namespace, verbs, apiGroups, resources }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) => resources.map((resource) => ({ namespace, verb, group, resource }))),
    ),
  );

/**
 * The rights that istiod does not need in a cluster of this role, each once: "delete pods", "get pods/exec", "* *.example.com". istiod only
 * reads a primary, and also writes into a remote cluster.
 */
export function excessOf(rules: readonly AccessRule[], role: Role = 'primary'): string[] {
  const excessive = grantsOf(rules)
    .filter(({ verb, group, resource }) => !isAllowed(verb, group, resource, role))
    .map(({ verb, group, resource }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`);
  return [...new Set(excessive)];
}

/**
 * Judges whether an istiod's reader account can read all that istiod needs, and can only read. It may use get, list and
 * watch, create reviews, and create and delete service exports, as Istio's own role does. In a remote cluster it may also write ConfigMaps
 * and webhooks, because its primary controls it. Wildcards beyond Istio's groups,
 * other subresources such as exec, impersonation, escalation and binding fail. Access to Secrets is reported.
 * Cannot judge if the server did not list all rules.
 */
export function judgeReader(access: ReaderAccess): Judgement {
  const { rules, incomplete, mayEverywhere, role } = access;
  const lacking = Object.keys(mayEverywhere).filter((what) => !mayEverywhere[what]);
  const grants = grantsOf(rules);
  const excessive = excessOf(rules, role);
  const secretsIn = new Set(
    grants
      .filter(
        ({ verb, resource }) => ['list', 'get', '*'].includes(verb) && ['secrets', '*'].includes(resource),
      )
      .filter(({ group }) => group === '' || group === '*')
      .map(({ namespace }) => namespace),
  );
  const readable = new Set(
    grants
      .filter(({ verb }) => readVerbs.includes(verb))
      .map(({ group, resource }) => `${resource}.${group}`),
  );
  const measurements = [
    measured('missing read rights', lacking.length, '', { atMost: 0 }),
    measured('rights beyond reading', excessive.length, '', { atMost: 0 }),
    measured('readable kinds', readable.size, ''),
    measured('namespaces with readable Secrets', secretsIn.size, ''),
  ];
  const complaints = [
    ...(lacking.length > 0 ? [`the reader account may not ${names(lacking)}`] : []),
    ...(excessive.length > 0 ? [`the reader account may also ${names(excessive)}`] : []),
  ];
  if (complaints.length === 0 && (incomplete || Object.keys(mayEverywhere).length === 0))
    return cannotJudge('the API server did not list all rights of the account', measurements);
  const secrets = secretsIn.size > 0 ? `, including Secrets in ${count(secretsIn.size, 'namespace')}` : '';
  return unless(
    complaints,
    `the reader account can read all that istiod needs, and ${role === 'remote' ? 'can write only what its primary controls' : 'can only read'}: ${count(readable.size, 'kind')}${secrets}`,
    measurements,
  );
}
