import type { Check } from './check.ts';
import { authorityChecks } from './checks/authorities.ts';
import { authoritySecretChecks } from './checks/authority-secrets.ts';
import { balancingChecks } from './checks/balancing.ts';
import { clockChecks } from './checks/clocks.ts';
import { crossNetworkGatenetworkPathChecks } from './checks/cross-network-gateways.ts';
import { discoveryScopeChecks } from './checks/discovery-scope.ts';
import { endpointChecks } from './checks/endpoints.ts';
import { failoverChecks } from './checks/failover.ts';
import { gatewayServiceChecks } from './checks/gateway-services.ts';
import { injectionChecks } from './checks/injection.ts';
import { istiodChecks } from './checks/istiods.ts';
import { localityChecks } from './checks/localities.ts';
import { mutualTlsChecks } from './checks/mutual-tls.ts';
import { networkChecks } from './checks/networks.ts';
import { passthroughChecks } from './checks/passthrough.ts';
import { policyChecks } from './checks/policies.ts';
import { remoteAccessChecks } from './checks/remote-access.ts';
import { remoteKubeconfigChecks } from './checks/remote-kubeconfigs.ts';
import { remoteSecretChecks } from './checks/remote-secrets.ts';
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
  ...servedCertificateChecks,
  ...trustDomainChecks,
  ...discoveryScopeChecks,
  ...remoteSecretChecks,
  ...remoteKubeconfigChecks,
  ...remoteAccessChecks,
  ...istiodChecks,
  ...endpointChecks,
  ...networkChecks,
  ...gatewayServiceChecks,
  ...crossNetworkGatenetworkPathChecks,
  ...networkPathChecks,
  ...passthroughChecks,
  ...localityChecks,
  ...failoverChecks,
  ...weightChecks,
  ...balancingChecks,
  ...mutualTlsChecks,
  ...policyChecks,
  ...injectionChecks,
  ...serviceChecks,
  ...routeChecks,
  ...routingChecks,
  ...versionChecks,
  ...clockChecks,
];
