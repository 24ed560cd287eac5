import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { destinationRules, serviceOfHost } from '../destination-rules.ts';
import { differences, sightingOf } from '../differences.ts';
import { meshServices } from '../mesh-services.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { selects } from '../pod-index.ts';
import { tables, table, text, texts } from '../spec-reader.ts';
import { anyOf, fromReadable } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const emptySubset: Check = {
  code: 'MP6301',
  title: 'A subset selects no pod of any cluster',
  severity: 'warning',
  explanation:
    'The labels of a subset of a DestinationRule fit no pod of the service, in any cluster. Calls that are routed to the subset have nobody to go to, and end with 503.',
  remedy: 'kubectl --context <cluster> -n <namespace> get pods -l <selector of the Service> --show-labels',
  reference: 'https://istio.io/latest/docs/reference/config/networking/destination-rule/#Subset',
  needs: ['resources', 'services', 'pods'],
  run: perCluster(function* (cluster, view) {
    for (const rule of destinationRules(cluster)) {
      const key = serviceOfHost(rule.host);
      const services = view.everyCluster().flatMap((one) => {
        const service = key === undefined ? undefined : one.service(key);
        return service ? [one.podsOf(service)] : [];
      });
      const pods = services.flat();
      const empty = rule.subsets.filter((subset) => !pods.some((pod) => selects(subset.labels, pod.labels)));
      // A service without pods anywhere is no fault of the subset.
      if (pods.length === 0 || empty.length === 0) continue;
      yield {
        object: `DestinationRule ${keyOf(rule)}`,
        subject: keyOf(rule),
        evidence: [{ what: `pods with ${JSON.stringify(empty[0]?.labels)}`, seen: 0, expected: 1 }],
        cause: `The subsets ${firstFew(empty.map(({ name }) => name))} of ${keyOf(rule)} in ${cluster.name} select no pod of any cluster.`,
      };
    }
  }),
};

/** The hosts that a VirtualService sends to, with short names completed. */
function destinationsOf(namespace: string, spec: Readonly<Record<string, unknown>>): string[] {
  const routes = ['http', 'tls', 'tcp']
    .flatMap((kind) => tables(spec[kind]))
    .flatMap((rule) => tables(rule['route']));
  const hosts = routes.flatMap((route) => text(table(route['destination'])['host']) ?? []);
  return [
    ...new Set(hosts.map((host) => (host.includes('.') ? host : `${host}.${namespace}.svc.cluster.local`))),
  ];
}

/** Hosts that the mesh knows besides Services: of ServiceEntries, which may have wildcards. */
const entriesOf = (cluster: ClusterView): string[] =>
  cluster.resources('ServiceEntry').flatMap(({ spec }) => texts(spec['hosts']));

const noDestination: Check = {
  code: 'MP6302',
  title: 'A VirtualService sends to a Service that is not there',
  severity: 'warning',
  explanation:
    'A route leads to a host in the mesh that no Service and no ServiceEntry of any cluster has. Calls that take the route end with 503.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit virtualservice <name>   # destination.host',
  reference: 'https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination',
  needs: ['resources', 'services'],
  run: perCluster(function* (cluster, view) {
    for (const { namespace, name, spec } of cluster.resources('VirtualService')) {
      const nowhere = destinationsOf(namespace, spec).filter((host) => {
        const key = serviceOfHost(host);
        return (
          key !== undefined &&
          !anyOf(view.clusterNames, (one) => view.answered(one).service(key) !== undefined) &&
          !entriesOf(cluster).includes(host)
        );
      });
      if (nowhere.length > 0)
        yield {
          object: `VirtualService ${namespace}/${name}`,
          subject: `${namespace}/${name}`,
          evidence: [{ what: 'destinations that no cluster has', seen: nowhere.length, expected: 0 }],
          cause: `VirtualService ${namespace}/${name} of ${cluster.name} sends to ${firstFew(nowhere)}, which no cluster has.`,
        };
    }
  }),
};

const routesDiffer: Check = {
  code: 'MP6303',
  title: 'Routes of the mesh are not the same in all clusters',
  severity: 'warning',
  explanation:
    'Every istiod routes its own proxies by the VirtualServices of its own cluster. Where one for calls inside the mesh is missing, or other, callers in that cluster take other routes, retries and timeouts.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get virtualservice <name> -o yaml   # in each cluster; apply the one that is meant to all',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#control-plane-models',
  needs: ['resources', 'namespaces', 'installs'],
  run: function* (view) {
    // What is bound to ingress gateways alone belongs where they are.
    const inMesh = differences(view, 'VirtualService', ({ spec }) => {
      const gateways = texts(spec['gateways']);
      return gateways.length === 0 || gateways.includes('mesh');
    });
    for (const one of inMesh) yield sightingOf('VirtualService', one, true);
  },
};

const sidecarsDiffer: Check = {
  code: 'MP6304',
  title: 'A Sidecar is not the same in all clusters',
  severity: 'warning',
  explanation:
    'A Sidecar resource decides which services a workload is told of. Where it is missing, or other, in one cluster, the same workload reaches other things there.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get sidecars -o yaml   # in each cluster; apply the ones that are meant to all',
  reference: 'https://istio.io/latest/docs/reference/config/networking/sidecar/',
  needs: ['resources', 'namespaces', 'installs'],
  explains: { cluster: ['MP3602'] },
  run: function* (view) {
    for (const one of differences(view, 'Sidecar')) yield sightingOf('Sidecar', one, true);
  },
};

const serviceEntriesDiffer: Check = {
  code: 'MP6306',
  title: 'A ServiceEntry is not the same in all clusters',
  severity: 'warning',
  explanation:
    'A ServiceEntry says which hosts outside of the mesh are known. Where it is missing, or other, in one cluster, the same workload reaches other things there.',
  remedy:
    'kubectl --context <cluster> -n <namespace> get serviceentries -o yaml   # in each cluster; apply the ones that are meant to all',
  reference: 'https://istio.io/latest/docs/reference/config/networking/service-entry/',
  needs: ['resources', 'namespaces', 'installs'],
  run: function* (view) {
    for (const one of differences(view, 'ServiceEntry')) yield sightingOf('ServiceEntry', one, true);
  },
};

const keptLocal: Check = {
  code: 'MP6305',
  title: 'A service with pods in several clusters is kept inside one of them',
  severity: 'warning',
  explanation:
    'serviceSettings with clusterLocal keep the calls to a service inside the caller’s cluster. Where only some clusters say so, callers of the others still use the pods of all; and where all do, the pods of one cluster do not stand in for another’s.',
  remedy: 'kubectl --context <cluster> -n istio-system edit configmap istio   # serviceSettings',
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/#keeping-traffic-in-cluster',
  needs: ['installs', 'services', 'pods'],
  run: perPrimary(function* (cluster, view) {
    const hosts = cluster.settings?.clusterLocalHosts ?? [];
    if (hosts.length === 0) return;
    const local = meshServices(view).filter(
      ({ fqdn, meshed, namespace }) =>
        namespace !== 'kube-system' &&
        meshed.length > 1 &&
        hosts.some((host) => host === fqdn || (host.startsWith('*.') && fqdn.endsWith(host.slice(1)))),
    );
    if (local.length === 0) return;
    const others = fromReadable(view.primaries, (one) =>
      one !== cluster && local.some(({ fqdn }) => !(one.settings?.clusterLocalHosts ?? []).includes(fqdn))
        ? [one]
        : [],
    );
    yield {
      severity: others.length > 0 ? 'warning' : 'info',
      object: `ConfigMap ${cluster.systemNamespace}/istio`,
      evidence: [
        { what: 'services that are kept inside', seen: firstFew(local.map(({ key }) => key)) },
        { what: 'clusters that do not keep them', seen: others.length, expected: 0 },
      ],
      cause: `${cluster.name} keeps calls to ${firstFew(local.map(({ key }) => key))} inside itself, though other clusters have pods of it.`,
    };
  }),
};

export const routingChecks = [
  emptySubset,
  noDestination,
  routesDiffer,
  sidecarsDiffer,
  serviceEntriesDiffer,
  keptLocal,
];
