import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, destinationRules, rulesOfCall, serviceOfHost } from '../destination-rules.ts';
import { domainOf } from '../dns-domain.ts';
import { endpointLabels, selectsEndpoint } from '../facts/endpoint-labels.ts';
import { clientsOf, routesOf, type Route } from '../facts/routes.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { texts } from '../spec-reader.ts';
import { anyOf, fromReadable } from '../unread.ts';

const edit = 'kubectl --context <cluster> -n <namespace> edit virtualservice <name>   # destination';
const destinationDocs =
  'https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination';

/** The routes of a cluster that have callers there. Throws NotRead. */
const usedRoutes = (cluster: ClusterView, domain: string): Route[] =>
  routesOf(cluster, domain).filter(({ virtualService }) => clientsOf(cluster, virtualService).length > 0);

const about = ({ virtualService }: Route) => ({
  object: `VirtualService ${keyOf(virtualService)}`,
  subject: keyOf(virtualService),
});

const emptySubset: Check = {
  code: 'MP6301',
  title: 'A subset does not select a pod in any cluster',
  severity: 'warning',
  explanation:
    'The labels of a subset of a DestinationRule do not match an endpoint of the service in any cluster. An endpoint has the labels of its pod, and those that istiod adds: region, zone, subzone, cluster, network and node. Calls to the subset fail with 503. If a route sends calls there, the finding is an error; if only some calls match the route, it is a warning; without a route, it is an info.',
  remedy: 'kubectl --context <cluster> -n <namespace> get pods -l <selector of the Service> --show-labels',
  reference: 'https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset',
  needs: ['resources', 'services', 'pods', 'nodes', 'namespaces', 'installs'],
  explains: { subject: ['MP4207'] },
  isLeftover: true,
  run: perCluster(function* (cluster, view) {
    const domain = domainOf(view);
    for (const rule of destinationRules(view, cluster).filter(({ subsets }) => subsets.length > 0)) {
      const key = serviceOfHost(rule.host);
      const endpoints = view.everyCluster().flatMap((one) => {
        const service = key === undefined ? undefined : one.service(key);
        return service ? endpointLabels(one, service) : [];
      });
      const empty = rule.subsets.filter(
        (subset) => !endpoints.some((endpoint) => selectsEndpoint(subset.labels, endpoint)),
      );
      // If the service does not have endpoints at all, the subset is not the reason.
      if (endpoints.length === 0 || empty.length === 0) continue;
      const routes = usedRoutes(cluster, domain).filter(
        ({ host, subset }) => host === rule.host && empty.some(({ name }) => name === subset),
      );
      const used = empty.find(({ name }) => routes.some(({ subset }) => subset === name)) ?? empty[0];
      yield {
        severity: severityOf(routes),
        object: `DestinationRule ${keyOf(rule)}`,
        subject: keyOf(rule),
        evidence: [
          { what: `endpoints with ${JSON.stringify(used?.labels)}`, seen: 0, expected: 1 },
          { what: 'routes to such a subset', seen: routes.length, expected: 0 },
        ],
        cause: `The subsets ${firstFew(empty.map(({ name }) => name))} of ${keyOf(rule)} in ${cluster.name} do not select a pod in any cluster.`,
      };
    }
  }),
};

/** The severity of a destination that fails: by the calls that routes send there. */
function severityOf(routes: readonly Route[]): 'error' | 'warning' | 'info' {
  if (routes.length === 0) return 'info';
  return routes.some(({ isConditional }) => !isConditional) ? 'error' : 'warning';
}

const unknownSubset: Check = {
  code: 'MP6315',
  title: 'A route names a subset that the cluster of its callers does not define',
  severity: 'error',
  explanation:
    'Each istiod uses the VirtualServices and DestinationRules of its own cluster. If a route names a subset, and the DestinationRule for these callers does not define it, Envoy does not have a cluster for the route. Every call on it ends with 503. Often the DestinationRule was applied to another cluster only, or is not exported to the namespace of the callers.',
  remedy: edit,
  reference: destinationDocs,
  needs: ['resources', 'pods', 'installs', 'proxies'],
  explains: { subject: ['MP4207', 'MP6303'] },
  run: perPrimary(function* (cluster, view) {
    const domain = domainOf(view);
    const rules = destinationRules(view, cluster);
    for (const route of routesOf(cluster, domain)) {
      const { host, subset, virtualService, isConditional } = route;
      if (subset === undefined) continue;
      const owner = serviceOfHost(host)?.split('/')[0] ?? virtualService.namespace;
      const clients = clientsOf(cluster, virtualService);
      const lacking = clients.filter(
        (client) =>
          !rulesOfCall(cluster, rules, { client, host, owner }).some((rule) => defines(rule, subset)) &&
          !holdsSubset(cluster, client, host, subset),
      );
      if (lacking.length === 0) continue;
      const isHidden = rules.some((rule) => covers(rule.host, host) && defines(rule, subset));
      const other = isHidden ? undefined : definersOf(view, cluster, host, subset)[0];
      const why = other
        ? `only DestinationRule ${keyOf(other.rule)} of ${other.cluster.name} defines`
        : `the DestinationRules of ${cluster.name} do not define for callers in ${firstFew(lacking)}`;
      yield {
        ...(isConditional || lacking.length < clients.length ? { severity: 'warning' as const } : {}),
        ...about(route),
        ...(other ? { peer: other.cluster.name, subject: keyOf(other.rule) } : {}),
        evidence: [
          {
            what: `DestinationRules of ${cluster.name} with subset ${subset} for ${host}`,
            seen: 0,
            expected: 1,
          },
          { what: 'namespaces of callers without it', seen: firstFew(lacking), expected: 'none' },
        ],
        cause: `Calls from ${cluster.name} fail with 503: VirtualService ${keyOf(virtualService)} routes to subset ${subset} of ${host}, which ${why}.`,
        ...(other
          ? {
              remedy: `kubectl --context ${other.cluster.name} -n ${other.rule.namespace} get destinationrule ${other.rule.name} -o yaml   # apply the subset to ${cluster.name}`,
            }
          : {}),
      };
    }
  }),
};

type Rule = ReturnType<typeof destinationRules>[number];

const defines = ({ subsets }: Rule, subset: string): boolean => subsets.some(({ name }) => name === subset);

/** Whether a proxy of a namespace has the cluster of a subset: the observed configuration decides. */
const holdsSubset = (cluster: ClusterView, client: string, host: string, subset: string): boolean =>
  cluster
    .whole('proxies')
    .some(
      ({ namespace, upstreams }) =>
        namespace === client && upstreams.some((one) => one.host === host && one.subset === subset),
    );

/** The rules of other clusters that define a subset of a host. Throws NotRead. */
const definersOf = (view: MeshView, own: ClusterView, host: string, subset: string) =>
  view
    .everyPrimary()
    .filter((one) => one !== own)
    .flatMap((cluster) =>
      destinationRules(view, cluster)
        .filter((rule) => covers(rule.host, host) && defines(rule, subset))
        .map((rule) => ({ cluster, rule })),
    );

/** Whether the ServiceEntries of a cluster have a host. Throws NotRead. */
const hasEntry = (cluster: ClusterView, host: string): boolean =>
  cluster.resources('ServiceEntry').some(({ spec }) => texts(spec['hosts']).some((one) => covers(one, host)));

/** Whether istiods know a host as a Service: they read those of all clusters. Throws NotRead. */
function isService(view: MeshView, host: string): boolean {
  const key = serviceOfHost(host);
  return (
    key !== undefined && anyOf(view.clusterNames, (one) => view.answered(one).service(key) !== undefined)
  );
}

/** A host that is not for meshes: a wildcard or a name of the multi-cluster services API, which istiod makes by itself. */
const isJudged = (host: string): boolean =>
  host !== '' && !host.includes('*') && !host.endsWith('.clusterset.local');

const noDestination: Check = {
  code: 'MP6302',
  title: 'A VirtualService routes to a Service that does not exist',
  severity: 'error',
  explanation:
    'A route names a host that is not a Service or a ServiceEntry in any cluster. Calls on this route fail with 503. If only some calls match the route, the finding is a warning; without callers, it is an info.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit virtualservice <name>   # destination.host',
  reference: destinationDocs,
  needs: ['resources', 'services', 'pods', 'installs'],
  explains: { subject: ['MP6303'] },
  isLeftover: true,
  run: perCluster(function* (cluster, view) {
    const domain = domainOf(view);
    const routes = routesOf(cluster, domain).filter(
      ({ host }) => isJudged(host) && !hasEntry(cluster, host) && !isService(view, host),
    );
    for (const own of Map.groupBy(routes, ({ virtualService }) => virtualService).values()) {
      const nowhere = own.filter(
        ({ host }) => !anyOf(view.clusterNames, (one) => hasEntry(view.answered(one), host)),
      );
      const first = nowhere[0];
      if (!first) continue;
      const hosts = [...new Set(nowhere.map(({ host }) => host))];
      const isUsed = clientsOf(cluster, first.virtualService).length > 0;
      yield {
        ...about(first),
        severity: severityOf(isUsed ? nowhere : []),
        evidence: [{ what: 'destinations that do not exist', seen: hosts.length, expected: 0 }],
        cause: `VirtualService ${keyOf(first.virtualService)} of ${cluster.name} routes to ${firstFew(hosts)}, which does not exist in any cluster.`,
      };
    }
  }),
};

const unknownHost: Check = {
  code: 'MP6316',
  title: 'A route names a ServiceEntry that the cluster of its callers does not have',
  severity: 'error',
  explanation:
    'An istiod reads the Services of all clusters, but the ServiceEntries of its own cluster only. If a route names a host that only a ServiceEntry of another cluster has, Envoy does not have a cluster for it. Every call on the route ends with 503.',
  remedy: edit,
  reference: destinationDocs,
  needs: ['resources', 'services', 'pods', 'installs'],
  explains: { subject: ['MP6303', 'MP6306'] },
  run: perPrimary(function* (cluster, view) {
    for (const route of usedRoutes(cluster, domainOf(view))) {
      const { host, virtualService, isConditional } = route;
      if (!isJudged(host) || hasEntry(cluster, host) || isService(view, host)) continue;
      const others = fromReadable(view.primaries, (one) =>
        one
          .resources('ServiceEntry')
          .filter(({ spec }) => texts(spec['hosts']).some((each) => covers(each, host)))
          .map((entry) => ({ other: one, entry })),
      );
      const first = others[0];
      if (!first) continue;
      yield {
        ...about(route),
        ...(isConditional ? { severity: 'warning' as const } : {}),
        peer: first.other.name,
        subject: keyOf(first.entry),
        evidence: [{ what: `ServiceEntries of ${cluster.name} for ${host}`, seen: 0, expected: 1 }],
        cause: `Calls from ${cluster.name} fail with 503: VirtualService ${keyOf(virtualService)} routes to ${host}, which only ServiceEntry ${keyOf(first.entry)} of ${first.other.name} has.`,
        remedy: `kubectl --context ${first.other.name} -n ${first.entry.namespace} get serviceentry ${first.entry.name} -o yaml   # apply it to ${cluster.name}`,
      };
    }
  }),
};

export const routeChecks = [unknownSubset, unknownHost, emptySubset, noDestination];
