import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, destinationRules, type DestinationRuleRecord } from '../destination-rules.ts';
import { differenceCheck } from '../differences.ts';
import { comparedRules } from '../facts/differing-routes.ts';
import { proxyLocalities } from '../facts/localities.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { list, tables, text } from '../spec-reader.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

/** The rules of a cluster that set failover by region and can apply it. */
const failingOver = (view: MeshView, cluster: ClusterView): DestinationRuleRecord[] =>
  destinationRules(view, cluster).filter(
    ({ parts, selects }) =>
      !selects &&
      (parts[0]?.outlier ?? cluster.settings?.defaultOutlierDetection) &&
      list(parts[0]?.locality?.['failover']).length > 0 &&
      parts[0]?.locality?.['enabled'] !== false,
  );

/**
 * Whether istiod orders endpoints in these regions for a caller in a region: it prefers the caller's own region, then the region of the
 * failover entry for it. A caller in another region does not have an order by design.
 */
const isOrdered = ({ parts }: DestinationRuleRecord, from: string, regions: ReadonlySet<string>): boolean =>
  regions.has(from) ||
  tables(parts[0]?.locality?.['failover']).some(
    (one) => one['from'] === from && regions.has(text(one['to']) ?? ''),
  );

const noPriority: Check = {
  code: 'MP4206',
  title: 'Client proxies do not prefer their own region',
  severity: 'warning',
  explanation:
    'A DestinationRule sets failover and outlier detection for a service. But proxies have its endpoints in one priority, although these are in several regions. They spread calls over all regions and cannot fail over. For a proxy in a region without endpoints and without a failover entry, that is by design.',
  remedy:
    'istioctl --context <cluster> proxy-config endpoints <client pod>.<its namespace> --cluster "outbound|<port>||<service>" -o json | grep -E "priority|region"',
  reference: 'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
  needs: ['proxies', 'resources', 'nodes', 'pods', 'installs'],
  run: perCluster(function* (cluster, view) {
    const rules = failingOver(view, cluster);
    if (rules.length === 0) return;
    const localityOf = proxyLocalities(cluster);
    const [flat, unused] = [new Set<string>(), new Set<string>()];
    for (const proxy of cluster.seen('proxies'))
      for (const { host, endpoints } of proxy.type === 'sidecar' ? proxy.upstreams : []) {
        const regions = new Set(endpoints.map(({ region }) => region));
        const priorities = new Set(endpoints.map(({ priority }) => priority));
        if (regions.size < 2 || priorities.size > 1) continue;
        const own = rules.filter((rule) => covers(rule.host, host));
        if (own.length === 0) continue;
        const from = localityOf(proxy)?.region ?? '';
        if (from !== '' && !own.some((rule) => isOrdered(rule, from, regions))) continue;
        flat.add(host);
        for (const rule of own) unused.add(keyOf(rule));
      }
    if (flat.size > 0)
      yield {
        object: `Service ${[...flat][0]}`,
        subject: [...unused],
        evidence: [{ what: 'services with one priority for several regions', seen: flat.size, expected: 0 }],
        cause: `Proxies of ${cluster.name} do not prefer a region for ${firstFew([...flat])}, although failover is configured.`,
      };
  }),
};

const rulesDiffer = differenceCheck(comparedRules, {
  code: 'MP4207',
  title: 'A DestinationRule is not the same in all clusters',
  explanation:
    'Each istiod uses the DestinationRules of its own cluster. If a rule is missing or different in one cluster, callers there balance, fail over and time out differently. A cluster without callers that see the rule, or without the host, is not reported. Entries of locality settings name the callers of a cluster, so they may differ. If the rule only chooses between regions and the service has pods in one region, the finding is an info.',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#control-plane-models',
});

const ejectedNow: Check = {
  code: 'MP4209',
  title: 'Pods are ejected right now',
  severity: 'info',
  explanation:
    'Outlier detection ejected hosts because they returned errors. This is its purpose, but some capacity is not in use. The finding shows which pods to examine.',
  remedy: 'kubectl --context <cluster> -n <namespace> logs <pod> --tail=100',
  reference: 'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
  needs: ['proxies'],
  run: perCluster(function* (cluster) {
    const ejected = new Set<string>();
    for (const { upstreams } of cluster.seen('proxies'))
      for (const { host, endpoints } of upstreams)
        for (const one of endpoints) if (one.ejected) ejected.add(`${one.address}:${one.port} of ${host}`);
    if (ejected.size > 0)
      yield {
        evidence: [{ what: 'hosts that are ejected', seen: ejected.size, expected: 0 }],
        cause: `Proxies of ${cluster.name} have ejected ${firstFew([...ejected])}.`,
      };
  }),
};

const switchedOff: Check = {
  code: 'MP4210',
  title: 'Locality load balancing is off in one cluster, and on in another',
  severity: 'warning',
  explanation:
    'The mesh settings of one cluster turn locality load balancing off. Its callers use all regions equally and do not fail over by region. Callers in other clusters do, with the same rules.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set meshConfig.localityLbSetting.enabled=true',
  reference: 'https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/',
  needs: ['installs'],
  run: function* (view) {
    const isOn = ({ settings }: ClusterView) =>
      settings?.zoneAwareLb === true || settings?.localityLb?.enabled !== false;
    const on = fromReadable(view.primaries, (one) => (isOn(one) ? [one] : []));
    yield* separately(view.primaries, function* (cluster) {
      if (!isOn(cluster) && on[0])
        yield {
          cluster: cluster.name,
          peer: on[0].name,
          object: `ConfigMap ${cluster.systemNamespace}/istio`,
          evidence: [
            {
              what: 'localityLbSetting.enabled',
              seen: 'false',
              expected: `true, as in ${firstFew(on.map(({ name }) => name))}`,
            },
          ],
          cause: `Locality load balancing is off in ${cluster.name}, and on in ${firstFew(on.map(({ name }) => name))}.`,
        };
    });
  },
};

export const balancingChecks = [noPriority, rulesDiffer, ejectedNow, switchedOff];
