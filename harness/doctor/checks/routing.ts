import { differenceCheck } from '../differences.ts';
import { comparedEntries, comparedRoutes, comparedSidecars } from '../facts/differing-routes.ts';

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
});

const serviceEntriesDiffer = differenceCheck(comparedEntries, {
  code: 'MP6306',
  title: 'A ServiceEntry is not the same in all clusters',
  explanation:
    'A ServiceEntry adds hosts to the services that workloads know. If its hosts, ports, location or exportTo are missing or different in one cluster, the same workload reaches other hosts there. Endpoints, addresses and localities are those that a cluster sees, and may differ. If callers reach the hosts by DNS all the same, the finding is an info.',
  reference: 'https://istio.io/latest/docs/reference/config/networking/service-entry/',
});

export const routingChecks = [routesDiffer, sidecarsDiffer, serviceEntriesDiffer];
