/** Group `meshes` for suites: the mesh file, the observed state of clusters, proxies and istiods, and workloads of a suite. */

export { crossings, placements, remoteOnly, shared } from '../../config/placement.ts';
export { plainProbe, servicePorts, workloadPorts } from '../../config/workload-names.ts';
export type { Mesh, MeshCluster } from '../../mesh/attach.ts';
export { istiodSettings, istiodsOf } from '../../mesh/istiod.ts';
export { ejectedHosts, knownEndpoints } from '../../mesh/known-endpoints.ts';
export {
  clustersWithChoice,
  clustersWithFailover,
  isLocalFirst,
  localFirst,
} from '../../mesh/local-first.ts';
export type { ProxyView } from '../../mesh/propagation.ts';
export { outboundCluster } from '../../mesh/proxy.ts';
export { readerAccounts } from '../../mesh/reader-account.ts';
export { clientProxies, seenUnready } from '../../mesh/readiness.ts';
export { remoteView } from '../../mesh/remote-view.ts';
export { ingressPrincipals, principalOf, spiffeIdOf } from '../../mesh/spiffe.ts';
export { observeSync } from '../../mesh/sync-evidence.ts';
export { routePolicyOf, trafficPolicyOf } from '../../mesh/traffic-policy.ts';
export { endpointWeights, localityWeights } from '../../mesh/weights.ts';
export { ownWorkload } from '../../workloads/own-workload.ts';
