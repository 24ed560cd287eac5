import type { AccessRule, ReaderAccess } from '../mesh/reader-account.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, names } from './wording.ts';

const readVerbs = ['get', 'list', 'watch'];
const istioGroup = /^([a-z]+\.)*istio\.io$/;
const reviews = /^(token|subjectaccess|selfsubject|selfsubjectaccess|selfsubjectrules)reviews$/;

/** Whether Istio's own reader role, or Kubernetes for every account, has this too. */
function isAllowed(verb: string, group: string, resource: string): boolean {
  // Other subresources are ways in (pods/exec, nodes/proxy) or more than istiod reads (pods/log).
  if (resource.includes('/') && !resource.endsWith('/status')) return false;
  if (verb === 'create' && reviews.test(resource)) return true;
  if (resource === 'serviceexports' && ['create', 'delete'].includes(verb)) return true;
  if (group === '*' || (resource === '*' && !istioGroup.test(group))) return false;
  return readVerbs.includes(verb);
}

const grantsOf = (rules: readonly AccessRule[]) =>
  rules.flatMap(({ namespace, verbs, apiGroups, resources }) =>
    verbs.flatMap((verb) =>
      apiGroups.flatMap((group) => resources.map((resource) => ({ namespace, verb, group, resource }))),
    ),
  );

/** Rights beyond what reading a cluster needs, each once: "delete pods", "get pods/exec", "* *.example.com". */
export function excessOf(rules: readonly AccessRule[]): string[] {
  const excessive = grantsOf(rules)
    .filter(({ verb, group, resource }) => !isAllowed(verb, group, resource))
    .map(({ verb, group, resource }) => `${verb} ${resource}${group === '' ? '' : `.${group}`}`);
  return [...new Set(excessive)];
}

/**
 * Judges whether an istiod's reader account can read what it needs and nothing more than reading: no verb but get, list
 * and watch except on reviews (and service exports, which Istio's own role creates), no wildcard beyond Istio's own
 * groups, no exec and the like, no impersonation, escalation or binding. That it reads Secrets is reported.
 * Cannot judge where the server did not list all rules.
 */
export function judgeReader(access: ReaderAccess): Judgement {
  const { rules, incomplete, mayEverywhere } = access;
  const lacking = Object.keys(mayEverywhere).filter((what) => !mayEverywhere[what]);
  const grants = grantsOf(rules);
  const excessive = excessOf(rules);
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
    measured('needed reads it lacks', lacking.length, '', { atMost: 0 }),
    measured('rights beyond reading', excessive.length, '', { atMost: 0 }),
    measured('kinds it may read', readable.size, ''),
    measured('namespaces whose Secrets it may read', secretsIn.size, ''),
  ];
  const complaints = [
    ...(lacking.length > 0 ? [`the reader account may not ${names(lacking)}`] : []),
    ...(excessive.length > 0 ? [`the reader account may also ${names(excessive)}`] : []),
  ];
  if (complaints.length === 0 && (incomplete || Object.keys(mayEverywhere).length === 0))
    return cannotJudge('the API server did not list all that the account may do', measurements);
  const secrets = secretsIn.size > 0 ? `, Secrets in ${count(secretsIn.size, 'namespace')} among them` : '';
  return unless(
    complaints,
    `the reader account reads all that istiod needs and only reads: ${count(readable.size, 'kind')}${secrets}`,
    measurements,
  );
}
