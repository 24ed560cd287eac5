import type { PodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import {
  covers,
  destinationRules,
  isExportedTo,
  serviceOfHost,
  type DestinationRuleRecord,
  type PolicyPart,
} from '../destination-rules.ts';
import { matchesLocality, meshWeights, weightsOf, type Weights } from '../distribution.ts';
import { callingClusters } from '../facts/callers.ts';
import {
  mayBeUnlabelled,
  nameOfLocality,
  parseLocality,
  podLocalities,
  regionsOf,
} from '../facts/localities.ts';
import { firstFew } from '../format-values.ts';
import { meshServicesEverywhere, type MeshService } from '../mesh-services.ts';
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
  const usual = cluster.settings?.defaultExportTo.destinationRule;
  const callers = cluster
    .whole('pods')
    .filter(({ sidecar, namespace }) => sidecar && isExportedTo(rule, namespace, usual));
  return localitiesOf(cluster, callers);
}

/** The localities of pods of a cluster, each once, as far as they are known. Throws NotRead. */
function localitiesOf(cluster: ClusterView, pods: readonly PodRecord[]): string[] {
  const localityOf = podLocalities(cluster);
  const names = pods.flatMap((pod) => {
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

/** For folding: the services of a rule, `namespace/name`; `*` for any. */
const servicesOf = ({ host }: DestinationRuleRecord): string => {
  const [, namespace] = /^\*\.([^.]+)\.svc\./.exec(host) ?? [];
  return serviceOfHost(host) ?? (namespace === undefined ? '*' : `${namespace}/*`);
};

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
  explains: { subject: ['MP4207', 'MP4220'], 'source and subject': ['MP3602'] },
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
        ...(nowhere.length > 0 ? { subject: nowhere.map((region) => `region ${region}`) } : {}),
        covers: [keyOf(rule), servicesOf(rule)],
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

/** Each rule for one host that leaves callers without an endpoint. */
const leftByRules = perItem(distributions, function* (distribution, view) {
  const { cluster, rule, part, weights } = distribution;
  const key = serviceOfHost(rule.host);
  if (key === undefined || part.subset !== undefined || !cluster.service(key)) return;
  const stranded = callersUnder(distribution).flatMap((caller) => {
    const entry = entryFor(weights, caller);
    return entry ? [{ caller, to: Object.keys(entry.to) }] : [];
  });
  if (stranded.length === 0) return;
  const endpoints = endpointsOf(view, key);
  const first = stranded.find(({ to }) => endpoints.length > 0 && !endpoints.some(isListed(to)));
  if (!first) return;
  yield {
    ...about(distribution),
    covers: [key],
    evidence: [
      { what: `localities that callers in ${first.caller} may use`, seen: firstFew(first.to) },
      { what: `localities of the pods of ${key}`, seen: firstFew(endpoints), expected: firstFew(first.to) },
    ],
    cause: `Callers in ${first.caller} of ${cluster.name} do not have an endpoint of ${key}, because ${keyOf(rule)} lists only ${firstFew(first.to)} for them.`,
  };
});

const isListed =
  (to: readonly string[]) =>
  (locality: string): boolean =>
    to.some((one) => matchesLocality(locality, one));

/** The mesh settings that leave callers of a cluster without an endpoint. Settings that list the region of the callers do so on purpose. */
const leftByMeshSettings = perItem(callingClusters, function* ({ cluster, plane }, view) {
  const weights = meshWeights(plane);
  if (weights.length === 0) return;
  const services = balancedByMesh(view, plane);
  const callers = cluster.whole('pods').filter(({ sidecar }) => sidecar);
  for (const caller of localitiesOf(cluster, callers)) {
    const to = Object.keys(entryFor(weights, caller)?.to ?? {});
    if (to.length === 0) continue;
    const keys = services.flatMap(({ key }) => {
      const endpoints = endpointsOf(view, key);
      return endpoints.length === 0 || endpoints.some(isListed(to)) ? [] : [key];
    });
    if (keys.length === 0) continue;
    const { region } = parseLocality(caller);
    yield {
      severity: to.some((one) => parseLocality(one).region === region) ? 'info' : 'error',
      object: `ConfigMap ${plane.systemNamespace}/istio`,
      subject: keys,
      evidence: [
        { what: `localities that callers in ${caller} may use`, seen: firstFew(to) },
        { what: 'services with pods in other localities only', seen: firstFew(keys) },
      ],
      cause: `Callers in ${caller} of ${cluster.name} do not have an endpoint of ${firstFew(keys)}, because the mesh settings of ${plane.name} distribute their calls to ${firstFew(to)} only.`,
      remedy: `kubectl --context ${plane.name} -n ${plane.systemNamespace} edit configmap istio   # localityLbSetting.distribute`,
    };
  }
});

/** The services to which locality settings of the mesh apply: neither a rule nor the Service has its own. Throws NotRead. */
function balancedByMesh(view: MeshView, plane: ClusterView): MeshService[] {
  const rules = destinationRules(view, plane).filter(({ parts }) => parts.some(({ locality }) => locality));
  return meshServicesEverywhere(view).filter(
    (service) =>
      !rules.some(({ host }) => covers(host, service.fqdn)) &&
      !service.in.some((one) => one.service.headless || one.service.trafficDistribution !== undefined),
  );
}

const nothingLeft: Check = {
  code: 'MP4220',
  title: 'Weights by locality leave callers without an endpoint',
  severity: 'error',
  explanation:
    'istiod removes the endpoints of every locality that the entry of distribute for the caller does not list. If the service has pods only in localities that are not listed, these callers do not have an endpoint, and every call ends with 503. The check judges rules that name one host, and the mesh settings. If the mesh settings list the region of the callers, they keep calls in the region, and the finding is an info.',
  remedy: edit,
  reference,
  needs: ['resources', 'nodes', 'pods', 'services', 'installs', 'istiods', 'namespaces'],
  explains: { subject: ['MP4207'], 'source and subject': ['MP3602'] },
  run: function* (view) {
    yield* leftByRules(view);
    yield* leftByMeshSettings(view);
  },
};

export const weightChecks = [weightsNowhere, nothingLeft];
