import type { Defect } from './defect.ts';
import { clusterNameTwice } from './discovery/cluster-name-twice.ts';
import { readerMayTooLittle } from './discovery/reader-may-too-little.ts';
import { readerMayTooMuch } from './discovery/reader-may-too-much.ts';
import { remoteSecretInAnotherNamespace } from './discovery/remote-secret-in-another-namespace.ts';
import { remoteSecretMissing } from './discovery/remote-secret-missing.ts';
import { remoteSecretNamedAfterItsHolder } from './discovery/remote-secret-named-after-its-holder.ts';
import { remoteSecretUnderAnotherName } from './discovery/remote-secret-under-another-name.ts';
import { remoteSecretWithAnotherAuthority } from './discovery/remote-secret-with-another-authority.ts';
import { remoteSecretWithDeadToken } from './discovery/remote-secret-with-dead-token.ts';
import { remoteSecretWithLoginProgram } from './discovery/remote-secret-with-login-program.ts';
import { remoteSecretWithLoopbackServer } from './discovery/remote-secret-with-loopback-server.ts';
import { remoteSecretWithUnreachableServer } from './discovery/remote-secret-with-unreachable-server.ts';
import { remoteSecretWithoutKubeconfig } from './discovery/remote-secret-without-kubeconfig.ts';
import { remoteSecretWithoutLabel } from './discovery/remote-secret-without-label.ts';
import { remoteSecretWithoutVerification } from './discovery/remote-secret-without-verification.ts';
import { selectorsHideGateway } from './discovery/selectors-hide-gateway.ts';
import { selectorsHideWorkloads } from './discovery/selectors-hide-workloads.ts';
import { ejectionPercentTooLow } from './locality/ejection-percent-too-low.ts';
import { failoverToNoRegion } from './locality/failover-to-no-region.ts';
import { failoverWithoutOutlierDetection } from './locality/failover-without-outlier-detection.ts';
import { localityBalancingOff } from './locality/locality-balancing-off.ts';
import { nodesWithoutRegion } from './locality/nodes-without-region.ts';
import { outlierDetectionCountsNothing } from './locality/outlier-detection-counts-nothing.ts';
import { weightsToNoRegion } from './locality/weights-to-no-region.ts';
import { weightsTogetherWithFailover } from './locality/weights-together-with-failover.ts';
import { crossNetworkGatewayLeavesHostsOut } from './network/cross-network-gateway-leaves-hosts-out.ts';
import { crossNetworkGatewayMissing } from './network/cross-network-gateway-missing.ts';
import { crossNetworkGatewayOnAnotherPort } from './network/cross-network-gateway-on-another-port.ts';
import { crossNetworkGatewaySelectsNobody } from './network/cross-network-gateway-selects-nobody.ts';
import { crossNetworkGatewayWithAnotherMode } from './network/cross-network-gateway-with-another-mode.ts';
import { dataPortBlocked } from './network/data-port-blocked.ts';
import { destinationRuleWithoutMutualTls } from './network/destination-rule-without-mutual-tls.ts';
import { discoveryPortBlocked } from './network/discovery-port-blocked.ts';
import { gatewayOfAnotherNetwork } from './network/gateway-of-another-network.ts';
import { gatewayWithoutAddress } from './network/gateway-without-address.ts';
import { gatewayWithoutNetworkLabel } from './network/gateway-without-network-label.ts';
import { gatewayWithoutPods } from './network/gateway-without-pods.ts';
import { gatewayWithoutPort } from './network/gateway-without-port.ts';
import { networkLabelMissing } from './network/network-label-missing.ts';
import { networkLabelOfAnotherCluster } from './network/network-label-of-another-cluster.ts';
import { networkLabelWrong } from './network/network-label-wrong.ts';
import { authorizationPoliciesDiffer } from './policy/authorization-policies-differ.ts';
import { identityPolicyWithoutMutualTls } from './policy/identity-policy-without-mutual-tls.ts';
import { mutualTlsOffAcrossNetworks } from './policy/mutual-tls-off-across-networks.ts';
import { outboundPoliciesDiffer } from './policy/outbound-policies-differ.ts';
import { peerAuthenticationsDiffer } from './policy/peer-authentications-differ.ts';
import { policyOfUnknownAccount } from './policy/policy-of-unknown-account.ts';
import { policyOfUnknownTrustDomain } from './policy/policy-of-unknown-trust-domain.ts';
import { authorityMissing } from './trust/authority-missing.ts';
import { authorityWithAnotherKey } from './trust/authority-with-another-key.ts';
import { intermediateExpired } from './trust/intermediate-expired.ts';
import { intermediateExpiresSoon } from './trust/intermediate-expires-soon.ts';
import { intermediateNotServed } from './trust/intermediate-not-served.ts';
import { intermediateNotYetValid } from './trust/intermediate-not-yet-valid.ts';
import { intermediateOfAnotherRoot } from './trust/intermediate-of-another-root.ts';
import { rootDiffers } from './trust/root-differs.ts';
import { trustDomainWithoutAlias } from './trust/trust-domain-without-alias.ts';
import { meshIdsDiffer } from './versions/mesh-ids-differ.ts';
import { injectionMissingOnOneSide } from './workloads/injection-missing-on-one-side.ts';
import { revisionThatIsGone } from './workloads/revision-that-is-gone.ts';
import { routeToNoService } from './workloads/route-to-no-service.ts';
import { routesDiffer } from './workloads/routes-differ.ts';
import { serviceKeptInItsCluster } from './workloads/service-kept-in-its-cluster.ts';
import { serviceMissing } from './workloads/service-missing.ts';
import { serviceOnAnotherPort } from './workloads/service-on-another-port.ts';
import { serviceWithAnotherPortName } from './workloads/service-with-another-port-name.ts';
import { serviceWithAnotherProtocol } from './workloads/service-with-another-protocol.ts';
import { sidecarHidesServices } from './workloads/sidecar-hides-services.ts';
import { subsetWithoutPods } from './workloads/subset-without-pods.ts';

/** Every known way in which a mesh can be wrong, by the family that the doctor has to name it in. */
export const defects: readonly Defect[] = [
  // trust and identity
  rootDiffers,
  intermediateExpired,
  intermediateExpiresSoon,
  intermediateNotYetValid,
  intermediateOfAnotherRoot,
  intermediateNotServed,
  authorityWithAnotherKey,
  authorityMissing,
  trustDomainWithoutAlias,
  // discovery
  remoteSecretMissing,
  remoteSecretInAnotherNamespace,
  remoteSecretWithoutLabel,
  remoteSecretNamedAfterItsHolder,
  remoteSecretUnderAnotherName,
  remoteSecretWithLoopbackServer,
  remoteSecretWithUnreachableServer,
  remoteSecretWithAnotherAuthority,
  remoteSecretWithDeadToken,
  remoteSecretWithoutVerification,
  remoteSecretWithoutKubeconfig,
  remoteSecretWithLoginProgram,
  readerMayTooLittle,
  readerMayTooMuch,
  clusterNameTwice,
  selectorsHideGateway,
  selectorsHideWorkloads,
  // network and gateways
  networkLabelMissing,
  networkLabelWrong,
  networkLabelOfAnotherCluster,
  gatewayWithoutNetworkLabel,
  gatewayOfAnotherNetwork,
  gatewayWithoutAddress,
  gatewayWithoutPort,
  gatewayWithoutPods,
  crossNetworkGatewayMissing,
  crossNetworkGatewayWithAnotherMode,
  crossNetworkGatewayLeavesHostsOut,
  crossNetworkGatewayOnAnotherPort,
  crossNetworkGatewaySelectsNobody,
  dataPortBlocked,
  discoveryPortBlocked,
  destinationRuleWithoutMutualTls,
  // locality and failover
  failoverWithoutOutlierDetection,
  ejectionPercentTooLow,
  outlierDetectionCountsNothing,
  failoverToNoRegion,
  weightsToNoRegion,
  weightsTogetherWithFailover,
  nodesWithoutRegion,
  localityBalancingOff,
  // policy
  policyOfUnknownTrustDomain,
  policyOfUnknownAccount,
  authorizationPoliciesDiffer,
  peerAuthenticationsDiffer,
  identityPolicyWithoutMutualTls,
  mutualTlsOffAcrossNetworks,
  outboundPoliciesDiffer,
  // workloads and services
  injectionMissingOnOneSide,
  revisionThatIsGone,
  serviceMissing,
  serviceOnAnotherPort,
  serviceWithAnotherPortName,
  serviceWithAnotherProtocol,
  subsetWithoutPods,
  routeToNoService,
  routesDiffer,
  sidecarHidesServices,
  serviceKeptInItsCluster,
  // versions and clocks
  meshIdsDiffer,
];
