import type { ClusterView } from './cluster-view.ts';

/** Commands that several checks suggest. `<cluster>` and `<peer>` stand for the clusters of a finding. */

export const restartIstiod = 'kubectl --context <cluster> -n istio-system rollout restart deployment istiod';

/** The Deployment of an istiod, as Istio's charts name it. */
export const istiodName = (revision = 'default'): string =>
  revision === 'default' ? 'istiod' : `istiod-${revision}`;

/** Restarts the istiods of one revision. */
export const restartOf = (namespace: string, revision?: string): string =>
  `kubectl --context <cluster> -n ${namespace} rollout restart deployment ${istiodName(revision)}`;

export const replaceAuthority = `kubectl --context <cluster> -n istio-system create secret generic cacerts ${[
  'ca-cert.pem',
  'ca-key.pem',
  'root-cert.pem',
  'cert-chain.pem',
]
  .map((file) => `--from-file=${file}`)
  .join(' ')} --dry-run=client -o yaml | kubectl --context <cluster> apply -f -`;

export const createRemoteSecret =
  'istioctl create-remote-secret --context <peer> --name <peer> --server https://<API server> | kubectl --context <cluster> apply -f -';

export const useMutualTls =
  'kubectl --context <cluster> -n <namespace> patch destinationrule <name> --type=merge -p \'{"spec":{"trafficPolicy":{"tls":{"mode":"ISTIO_MUTUAL"}}}}\'';

/** Compares a resource of several clusters. */
export const compare = (resource: string): string =>
  `kubectl --context <cluster> -n <namespace> get ${resource} -o yaml   # in each cluster; apply the intended one to all`;

/** Restarts the istiod of a cluster, by the name that its revision has. Throws NotRead. */
export function restartIstiodOf({ install, systemNamespace }: ClusterView): string {
  const revision = install?.revision ?? 'default';
  const deployment = revision === 'default' ? 'istiod' : `istiod-${revision}`;
  return `kubectl --context <cluster> -n ${systemNamespace} rollout restart deployment ${deployment}`;
}

export const firewall =
  'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#connectivity-and-firewall-issues';

/** The results of a TCP connection, in words. */
export const connectionResults = {
  connected: 'connected',
  refused: 'refused',
  timeout: 'no answer',
  failed: 'failed',
} as const;
