import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import {
  covers,
  destinationRules,
  type DestinationRuleRecord,
  type PolicyPart,
} from '../destination-rules.ts';
import { mayBeUnlabelled, regionsOf } from '../facts/localities.ts';
import { meshServices, meshServicesEverywhere } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { perItem } from '../per-cluster.ts';
import { list, numeric, tables, text } from '../spec-reader.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const failoverDocs =
  'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/';
const settingDocs =
  'https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting';
const outlierDocs =
  'https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection';
const edit = 'kubectl --context <cluster> -n <namespace> edit destinationrule <name>';

/** Every part of every rule of every cluster. */
const eachPart = (
  view: MeshView,
): { cluster: ClusterView; rule: DestinationRuleRecord; part: PolicyPart }[] =>
  fromReadable(view.clusters, (cluster) =>
    destinationRules(view, cluster).flatMap((rule) => rule.parts.map((part) => ({ cluster, rule, part }))),
  );

/** A rule that is wrong in one cluster also differs from the rules with its name in other clusters. */
const differing = { subject: ['MP4207'] };

const about = (cluster: ClusterView, rule: DestinationRuleRecord) => ({
  cluster: cluster.name,
  object: `DestinationRule ${keyOf(rule)}`,
  subject: keyOf(rule),
});

const failsOver = ({ locality }: PolicyPart): boolean =>
  locality !== undefined &&
  locality['enabled'] !== false &&
  (list(locality['failover']).length > 0 || list(locality['failoverPriority']).length > 0);

const noOutlier: Check = {
  code: 'MP4201',
  title: 'Failover is configured without outlier detection',
  severity: 'warning',
  explanation:
    'Everything works while all pods are healthy. Istio applies failover only with outlier detection, because Envoy moves traffic when it detects unhealthy hosts. Without it, istiod does not send priorities, and an unhealthy region keeps its traffic. The mesh settings may set it for every service: defaultTrafficPolicy.outlierDetection.',
  remedy:
    'kubectl --context <cluster> -n <namespace> patch destinationrule <name> --type=merge -p \'{"spec":{"trafficPolicy":{"outlierDetection":{"consecutive5xxErrors":5,"interval":"5s","baseEjectionTime":"30s","maxEjectionPercent":100}}}}\'',
  reference: failoverDocs,
  needs: ['resources', 'installs'],
  explains: differing,
  run: perItem(eachPart, function* ({ cluster, rule, part }) {
    // A subset or port with its own load balancer inherits the outlier detection of the host.
    const outlier = part.outlier ?? rule.parts[0]?.outlier;
    if (!failsOver(part) || outlier || cluster.settings?.defaultOutlierDetection) return;
    yield {
      ...about(cluster, rule),
      evidence: [{ what: `outlierDetection of ${part.where}`, seen: 'none', expected: 'set' }],
      cause: `${keyOf(rule)} of ${cluster.name} sets failover, but does not have outlier detection.`,
    };
  }),
};

/** Envoy's default: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto */
const defaultEjectionPercent = 10;

const tooFewEjected: Check = {
  code: 'MP4202',
  title: 'Outlier detection cannot eject all pods of a region',
  severity: 'warning',
  explanation:
    'Envoy ejects at most maxEjectionPercent of the hosts of a service; the default is 10 %. If that is less than the pods of a region, an unhealthy region keeps some pods in use. Failover is then never complete.',
  remedy:
    'kubectl --context <cluster> -n <namespace> patch destinationrule <name> --type=merge -p \'{"spec":{"trafficPolicy":{"outlierDetection":{"maxEjectionPercent":100}}}}\'',
  reference: 'https://github.com/istio/istio/issues/34605',
  needs: ['resources', 'services', 'pods'],
  explains: differing,
  run: function* (view) {
    const services = meshServices(view);
    yield* separately(eachPart(view), function* ({ cluster, rule, part }) {
      if (!part.outlier || (numeric(part.outlier['maxEjectionPercent']) ?? defaultEjectionPercent) >= 100)
        return;
      const percent = numeric(part.outlier['maxEjectionPercent']) ?? defaultEjectionPercent;
      const short = services.flatMap(({ key, fqdn, meshed }) => {
        if (!covers(rule.host, fqdn) || meshed.length < 2 || !meshed.includes(cluster)) return [];
        const own = cluster.service(key);
        const local = own ? cluster.podsOf(own).filter(({ ready }) => ready).length : 0;
        // For Envoy, another network is one host for each gateway, not one for each pod.
        const hosts = local + meshed.length - 1;
        const may = Math.floor((percent * hosts) / 100);
        return may < local ? [{ key, local, may }] : [];
      });
      const first = short[0];
      if (!first) return;
      meshServicesEverywhere(view); // each cluster with the service adds a host
      yield {
        ...about(cluster, rule),
        evidence: [
          { what: `maxEjectionPercent of ${part.where}`, seen: percent, expected: 100 },
          {
            what: `pods of ${first.key} in ${cluster.name} that may be ejected`,
            seen: first.may,
            expected: first.local,
          },
        ],
        cause: `With maxEjectionPercent ${percent}, ${keyOf(rule)} of ${cluster.name} may eject ${first.may} of the ${first.local} local pods of ${first.key}.`,
      };
    });
  },
};

const both: Check = {
  code: 'MP4203',
  title: 'Weights by locality are set together with failover',
  severity: 'error',
  explanation:
    'With distribute, Istio sends weights instead of priorities, so it does not apply a failover in the same setting. The webhook of Istio rejects such a rule. Mesh settings and clusters without the webhook accept it.',
  remedy: edit,
  reference: settingDocs,
  needs: ['resources', 'installs', 'istiods'],
  explains: { ...differing, 'source and subject': ['MP4206'] },
  run: function* (view) {
    yield* separately(eachPart(view), function* ({ cluster, rule, part }) {
      const weights = list(part.locality?.['distribute']).length;
      if (weights > 0 && failsOver(part))
        yield {
          ...about(cluster, rule),
          evidence: [{ what: `entries of distribute in ${part.where}`, seen: weights, expected: 0 }],
          cause: `${keyOf(rule)} of ${cluster.name} has distribute together with failover, so failover is not applied.`,
        };
    });
    yield* separately(view.clusters, function* (cluster) {
      const { distribute = [], failover = [], failoverPriority = [] } = cluster.settings?.localityLb ?? {};
      if (distribute.length > 0 && failover.length + failoverPriority.length > 0)
        yield {
          cluster: cluster.name,
          object: `ConfigMap ${cluster.systemNamespace}/istio`,
          evidence: [{ what: 'entries of distribute', seen: distribute.length, expected: 0 }],
          cause: `The mesh settings of ${cluster.name} have distribute together with failover, so failover is not applied.`,
          remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # localityLbSetting',
        };
    });
  },
};

const failoverNowhere: Check = {
  code: 'MP4205',
  title: 'Failover names a region that does not exist',
  severity: 'warning',
  explanation:
    'Everything works today. The entries of failover name regions of pods: their label topology.istio.io/locality, or else the labels of their nodes. Istio never uses an entry with another region. When its region fails, traffic goes to any region, or fails. If only entries for callers that do not exist name it, the finding is an info.',
  remedy: edit,
  reference: failoverDocs,
  needs: ['resources', 'nodes', 'pods', 'istiods'],
  explains: differing,
  run: perItem(eachPart, function* ({ cluster, rule, part }, view) {
    const entries = tables(part.locality?.['failover']).map(({ from, to }) => ({
      from: text(from) ?? '',
      to: text(to) ?? '',
    }));
    if (entries.length === 0 || part.locality?.['enabled'] === false) return;
    const regions = regionsOf(view);
    const exists = (region: string) => regions.has(region) || mayBeUnlabelled(view, region);
    const nowhere = [...new Set(entries.flatMap(({ from, to }) => [from, to]))].filter((one) => !exists(one));
    if (nowhere.length === 0) return;
    const isUsed = entries.some(({ from, to }) => exists(from) && exists(to));
    const isHarmless = isUsed && entries.every(({ from, to }) => !exists(from) || exists(to));
    yield {
      ...about(cluster, rule),
      subject: nowhere.map((region) => `region ${region}`),
      covers: [keyOf(rule)],
      ...(isHarmless ? { severity: 'info' as const } : {}),
      evidence: [{ what: 'regions', seen: firstFew(nowhere), expected: firstFew([...regions]) }],
      cause: `The failover of ${keyOf(rule)} of ${cluster.name} names regions that do not exist: ${firstFew(nowhere)}.`,
    };
  }),
};

const neverEjects: Check = {
  code: 'MP4208',
  title: 'Outlier detection never ejects a host',
  severity: 'warning',
  explanation:
    'Everything works while all pods are healthy. All numbers of consecutive errors are 0, so Envoy never ejects a host, and failover never begins. Or minHealthPercent is high: below that share of healthy hosts, Envoy uses unhealthy ones.',
  remedy: edit,
  reference: outlierDocs,
  needs: ['resources'],
  explains: differing,
  run: perItem(eachPart, function* ({ cluster, rule, part }) {
    const outlier = part.outlier;
    if (!outlier) return;
    const off =
      numeric(outlier['consecutive5xxErrors']) === 0 &&
      (numeric(outlier['consecutiveGatewayErrors']) ?? 0) === 0 &&
      (numeric(outlier['consecutiveLocalOriginFailures']) ?? 0) === 0;
    const floor = numeric(outlier['minHealthPercent']) ?? 0;
    if (!off && floor < 50) return;
    yield {
      ...about(cluster, rule),
      evidence: off
        ? [{ what: 'consecutive5xxErrors', seen: 0, expected: 'above 0' }]
        : [{ what: 'minHealthPercent', seen: floor, expected: 'below 50' }],
      cause: off
        ? `The outlier detection of ${keyOf(rule)} of ${cluster.name} counts no errors, so it never ejects.`
        : `The outlier detection of ${keyOf(rule)} of ${cluster.name} stops when ${100 - floor} % of the hosts are unhealthy.`,
    };
  }),
};

export const failoverChecks = [noOutlier, tooFewEjected, both, failoverNowhere, neverEjects];
