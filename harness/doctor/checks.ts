import type { Check } from './check.ts';
import { authorityChecks } from './checks/authorities.ts';
import { authoritySecretChecks } from './checks/authority-secrets.ts';
import { balancingChecks } from './checks/balancing.ts';
import { chainChecks } from './checks/chains.ts';
import { clockChecks } from './checks/clocks.ts';
import { clusterNameChecks } from './checks/cluster-names.ts';
import { connectedProxyChecks } from './checks/connected-proxies.ts';
import { controlPlaneChecks } from './checks/control-planes.ts';
import { crossNetworkGatewayChecks } from './checks/cross-network-gateways.ts';
import { discoveryScopeChecks } from './checks/discovery-scope.ts';
import { endpointNetworkChecks } from './checks/endpoint-networks.ts';
import { endpointChecks } from './checks/endpoints.ts';
import { failoverChecks } from './checks/failover.ts';
import { flatNetworkChecks } from './checks/flat-networks.ts';
import { gatewayAddressChecks } from './checks/gateway-addresses.ts';
import { gatewayConnectionChecks } from './checks/gateway-connections.ts';
import { gatewayHostChecks } from './checks/gateway-hosts.ts';
import { gatewayPodChecks } from './checks/gateway-pods.ts';
import { gatewayVisibilityChecks } from './checks/gateway-visibility.ts';
import { headlessServiceChecks } from './checks/headless-services.ts';
import { gatewayServiceChecks } from './checks/gateway-services.ts';
import { injectionWebhookChecks } from './checks/injection-webhooks.ts';
import { injectedNetworkChecks } from './checks/injected-networks.ts';
import { injectionChecks } from './checks/injection.ts';
import { istiodChecks } from './checks/istiods.ts';
import { keptLocalChecks } from './checks/kept-local.ts';
import { localityChecks } from './checks/localities.ts';
import { mutualTlsChecks } from './checks/mutual-tls.ts';
import { networkChecks } from './checks/networks.ts';
import { networkPolicyChecks } from './checks/network-policies.ts';
import { passthroughChecks } from './checks/passthrough.ts';
import { podsWithoutTlsChecks } from './checks/pods-without-tls.ts';
import { policyChecks } from './checks/policies.ts';
import { proxyEndpointChecks } from './checks/proxy-endpoints.ts';
import { readerSelectorChecks } from './checks/reader-selectors.ts';
import { remoteAccessChecks } from './checks/remote-access.ts';
import { remoteKubeconfigChecks } from './checks/remote-kubeconfigs.ts';
import { remoteSecretChecks } from './checks/remote-secrets.ts';
import { rootConfigMapChecks } from './checks/root-config-maps.ts';
import { routeChecks } from './checks/routes.ts';
import { routingChecks } from './checks/routing.ts';
import { servedCertificateChecks } from './checks/served-certificates.ts';
import { serviceChecks } from './checks/services.ts';
import { trustDomainChecks } from './checks/trust-domains.ts';
import { versionChecks } from './checks/versions.ts';
import { weightChecks } from './checks/weights.ts';
import { networkPathChecks } from './checks/network-paths.ts';

/** Every check of the doctor. If two findings explain a third, the check that is first here gives its cause. */
export const checks: readonly Check[] = [
  ...authoritySecretChecks,
  ...authorityChecks,
  ...chainChecks,
  ...rootConfigMapChecks,
  ...servedCertificateChecks,
  ...trustDomainChecks,
  ...controlPlaneChecks,
  ...clusterNameChecks,
  ...discoveryScopeChecks,
  ...readerSelectorChecks,
  ...remoteSecretChecks,
  ...remoteKubeconfigChecks,
  ...remoteAccessChecks,
  ...istiodChecks,
  ...connectedProxyChecks,
  ...endpointChecks,
  ...injectedNetworkChecks,
  ...networkChecks,
  ...endpointNetworkChecks,
  ...flatNetworkChecks,
  ...gatewayHostChecks,
  ...gatewayServiceChecks,
  ...gatewayAddressChecks,
  ...gatewayPodChecks,
  ...crossNetworkGatewayChecks,
  ...gatewayConnectionChecks,
  ...networkPathChecks,
  ...passthroughChecks,
  ...networkPolicyChecks,
  ...proxyEndpointChecks,
  ...localityChecks,
  ...failoverChecks,
  ...weightChecks,
  ...balancingChecks,
  ...mutualTlsChecks,
  ...policyChecks,
  ...injectionChecks,
  ...injectionWebhookChecks,
  ...serviceChecks,
  ...headlessServiceChecks,
  ...podsWithoutTlsChecks,
  ...gatewayVisibilityChecks,
  ...keptLocalChecks,
  ...routeChecks,
  ...routingChecks,
  ...versionChecks,
  ...clockChecks,
];
