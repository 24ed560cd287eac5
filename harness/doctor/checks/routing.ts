import type { Check } from '../check.ts';
import { differenceCheck } from '../differences.ts';
import { comparedEntries, comparedRoutes, comparedSidecars } from '../facts/differing-routes.ts';
import { meshServices } from '../mesh-services.ts';
import { perPrimary } from '../per-cluster.ts';
import { fromReadable } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const routesDiffer = differenceCheck(comparedRoutes, {
  code: 'MP6303',
  title: 'A VirtualService is not the same in all clusters',
  explanation:
    'Each istiod uses the VirtualServices of its own cluster. If one for calls inside the mesh is missing or different, callers in that cluster get other routes, retries and timeouts. A cluster without callers that see it, or without the host, is not reported. If it aborts calls in one cluster, the finding is an error.',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#control-plane-models',
});

const sidecarsDiffer = differenceCheck(comparedSidecars, {
  code: 'MP6304',
  title: 'A Sidecar is not the same in all clusters',
  explanation:
    'A Sidecar resource limits the services that a workload knows. If it is missing or different in one cluster, the same workload reaches other services there. A cluster without pods that it selects is not reported.',
  reference: 'https://istio.io/latest/docs/reference/config/networking/sidecar/',
  explains: { cluster: ['MP3602'] },
});

const serviceEntriesDiffer = differenceCheck(comparedEntries, {
  code: 'MP6306',
  title: 'A ServiceEntry is not the same in all clusters',
  explanation:
    'A ServiceEntry adds hosts to the services that workloads know. If its hosts, ports, location or exportTo are missing or different in one cluster, the same workload reaches other hosts there. Endpoints, addresses and localities are those that a cluster sees, and may differ. If callers reach the hosts by DNS all the same, the finding is an info.',
  reference: 'https://istio.io/latest/docs/reference/config/networking/service-entry/',
});

const keptLocal: Check = {
  code: 'MP6305',
  title: 'Calls to a service with pods in several clusters stay in one cluster',
  severity: 'warning',
  explanation:
    'serviceSettings with clusterLocal keep calls to a service inside the cluster of the caller. If only some clusters set it, callers in the others still use all pods. If all set it, a cluster cannot serve the callers of another.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # serviceSettings',
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
      cause: `${cluster.name} keeps calls to ${firstFew(local.map(({ key }) => key))} inside the cluster, although other clusters have pods of it.`,
    };
  }),
};

export const routingChecks = [routesDiffer, sidecarsDiffer, serviceEntriesDiffer, keptLocal];
