import type { Check } from '../check.ts';
import { keyOf } from '../cluster-view.ts';
import { covers, destinationRules } from '../destination-rules.ts';
import { differenceCheck } from '../differences.ts';
import { perCluster } from '../per-cluster.ts';
import { list } from '../spec-reader.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const noPriority: Check = {
  code: 'MP4206',
  title: 'Client proxies do not prefer their own region',
  severity: 'warning',
  explanation:
    'A DestinationRule sets failover and outlier detection for a service. But proxies have its endpoints in one priority, although these are in several regions. They spread calls over all regions and cannot fail over.',
  remedy:
    'istioctl --context <cluster> proxy-config endpoints <client pod>.<its namespace> --cluster "outbound|<port>||<service>" -o json | grep -E "priority|region"',
  reference: 'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
  needs: ['proxies', 'resources'],
  run: perCluster(function* (cluster) {
    const hosts = destinationRules(cluster)
      .filter(
        ({ parts, selects }) =>
          !selects &&
          parts[0]?.outlier &&
          list(parts[0].locality?.['failover']).length > 0 &&
          parts[0].locality?.['enabled'] !== false,
      )
      .map((rule) => ({ host: rule.host, key: keyOf(rule) }));
    const flat = new Set<string>();
    for (const { type, upstreams } of hosts.length > 0 ? cluster.seen('proxies') : [])
      for (const { host, endpoints } of type === 'sidecar' ? upstreams : []) {
        const regions = new Set(endpoints.map(({ region }) => region));
        const priorities = new Set(endpoints.map(({ priority }) => priority));
        if (regions.size > 1 && priorities.size === 1 && hosts.some((one) => covers(one.host, host)))
          flat.add(host);
      }
    if (flat.size > 0)
      yield {
        object: `Service ${[...flat][0]}`,
        subject: hosts
          .filter((one) => [...flat].some((host) => covers(one.host, host)))
          .map(({ key }) => key),
        evidence: [{ what: 'services with one priority for several regions', seen: flat.size, expected: 0 }],
        cause: `Proxies of ${cluster.name} do not prefer a region for ${firstFew([...flat])}, although failover is configured.`,
      };
  }),
};

const rulesDiffer = differenceCheck('DestinationRule', {
  code: 'MP4207',
  title: 'A DestinationRule is not the same in all clusters',
  explanation:
    'Each istiod uses the DestinationRules of its own cluster. If a rule is missing or different in one cluster, callers there balance, fail over and time out differently. This is rarely intended.',
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
    const isOn = (one: (typeof view.primaries)[number]) => one.settings?.localityLb?.enabled !== false;
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
