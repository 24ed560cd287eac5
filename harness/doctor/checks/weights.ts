import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import {
  destinationRules,
  isExportedTo,
  serviceOfHost,
  type DestinationRuleRecord,
  type PolicyPart,
} from '../destination-rules.ts';
import { matchesLocality, weightsOf, type Weights } from '../distribution.ts';
import {
  mayBeUnlabelled,
  nameOfLocality,
  parseLocality,
  podLocalities,
  regionsOf,
} from '../facts/localities.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { perItem } from '../per-cluster.ts';
import { fromReadable } from '../unread.ts';

const edit = 'kubectl --context <cluster> -n <namespace> edit destinationrule <name>   # localityLbSetting';
const reference =
  'https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting';

interface Distribution {
  cluster: ClusterView;
  rule: DestinationRuleRecord;
  part: PolicyPart;
  weights: Weights[];
}

/** Every part of a rule that has weights by locality. */
const distributions = (view: MeshView): Distribution[] =>
  fromReadable(view.clusters, (cluster) =>
    destinationRules(view, cluster).flatMap((rule) =>
      rule.parts.flatMap((part) => {
        const weights = part.locality ? weightsOf(part.locality) : [];
        return weights.length > 0 ? [{ cluster, rule, part, weights }] : [];
      }),
    ),
  );

/** The localities of the pods of a cluster that a rule applies to as callers, each once. Throws NotRead. */
function callersUnder({ cluster, rule }: Distribution): string[] {
  const localityOf = podLocalities(cluster);
  const usual = cluster.settings?.defaultExportTo.destinationRule;
  const callers = cluster
    .whole('pods')
    .filter(({ sidecar, namespace }) => sidecar && isExportedTo(rule, namespace, usual));
  const names = callers.flatMap((pod) => {
    const at = localityOf(pod);
    return at ? [nameOfLocality(at)] : [];
  });
  return [...new Set(names)];
}

/** The entry of `distribute` for a caller: istiod uses the first one that matches. */
const entryFor = (weights: readonly Weights[], caller: string): Weights | undefined =>
  weights.find(({ from }) => matchesLocality(caller, from));

const about = ({ cluster, rule }: Distribution) => ({
  cluster: cluster.name,
  object: `DestinationRule ${keyOf(rule)}`,
  subject: keyOf(rule),
});

const weightsNowhere: Check = {
  code: 'MP4204',
  title: 'Weights by locality name a region that does not exist, or do not add up to 100',
  severity: 'warning',
  explanation:
    'The keys of distribute are localities: region/zone/subzone. Weights for a region without pods are lost, and localities that `distribute` does not list do not get traffic. Weights must add up to 100. An entry for callers that the cluster does not have is not reported.',
  remedy: edit,
  reference,
  needs: ['resources', 'nodes', 'pods', 'installs', 'istiods'],
  // istiod does not send the endpoints of localities that are not listed.
  explains: { subject: ['MP4207', 'MP4220'], source: ['MP3602'] },
  run: perItem(distributions, function* (distribution, view) {
    const { cluster, rule, weights } = distribution;
    const callers = callersUnder(distribution);
    const used = new Set(callers.flatMap((caller) => entryFor(weights, caller) ?? []));
    for (const { from, to } of used) {
      const regions = regionsOf(view);
      const nowhere = Object.keys(to)
        .map((where) => parseLocality(where).region)
        .filter((one) => one !== '*' && !regions.has(one) && !mayBeUnlabelled(view, one));
      const shares = Object.values(to);
      const sum = shares.reduce((all, weight) => all + weight, 0);
      if (nowhere.length === 0 && (shares.length === 0 || sum === 100)) continue;
      yield {
        ...about(distribution),
        evidence: [
          { what: `weights from ${from || '*'}`, seen: sum, expected: 100 },
          {
            what: 'regions that it names',
            seen: firstFew(nowhere) || 'known',
            expected: firstFew([...regions]),
          },
        ],
        cause: `The weights of ${keyOf(rule)} of ${cluster.name} ${nowhere.length > 0 ? `name regions that do not exist: ${firstFew(nowhere)}` : `add up to ${sum}`}.`,
      };
    }
  }),
};

/** The localities of the ready pods of a service in all clusters. Throws NotRead. */
const endpointsOf = (view: MeshView, key: string): string[] => [
  ...new Set(
    view.everyCluster().flatMap((cluster) => {
      const service = cluster.service(key);
      const localityOf = podLocalities(cluster);
      const ready = service ? cluster.podsOf(service).filter((pod) => pod.ready) : [];
      return ready.map((pod) => nameOfLocality(localityOf(pod) ?? parseLocality('')));
    }),
  ),
];

const nothingLeft: Check = {
  code: 'MP4220',
  title: 'Weights by locality leave callers without an endpoint',
  severity: 'error',
  explanation:
    'istiod removes the endpoints of every locality that the entry of distribute for the caller does not list. If the service has pods only in localities that are not listed, these callers do not have an endpoint, and every call ends with 503. The check judges rules that name one host.',
  remedy: edit,
  reference,
  needs: ['resources', 'nodes', 'pods', 'services', 'installs'],
  explains: { subject: ['MP4207'], source: ['MP3602'] },
  run: perItem(distributions, function* (distribution, view) {
    const { cluster, rule, part, weights } = distribution;
    const key = serviceOfHost(rule.host);
    if (key === undefined || part.subset !== undefined || !cluster.service(key)) return;
    const stranded = callersUnder(distribution).flatMap((caller) => {
      const entry = entryFor(weights, caller);
      return entry ? [{ caller, to: Object.keys(entry.to) }] : [];
    });
    if (stranded.length === 0) return;
    const endpoints = endpointsOf(view, key);
    const first = stranded.find(
      ({ to }) => endpoints.length > 0 && !endpoints.some((at) => to.some((one) => matchesLocality(at, one))),
    );
    if (!first) return;
    yield {
      ...about(distribution),
      evidence: [
        { what: `localities that callers in ${first.caller} may use`, seen: firstFew(first.to) },
        { what: `localities of the pods of ${key}`, seen: firstFew(endpoints), expected: firstFew(first.to) },
      ],
      cause: `Callers in ${first.caller} of ${cluster.name} do not have an endpoint of ${key}, because ${keyOf(rule)} lists only ${firstFew(first.to)} for them.`,
    };
  }),
};

export const weightChecks = [weightsNowhere, nothingLeft];
