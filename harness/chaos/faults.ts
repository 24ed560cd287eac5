import { clusterFrozen } from './clusters/cluster-frozen.ts';
import { clusterGone } from './clusters/cluster-gone.ts';
import { regionLabelsLost } from './clusters/region-labels-lost.ts';
import { apiServerDown } from './control-plane/api-server-down.ts';
import { istiodDown } from './control-plane/istiod-down.ts';
import { istiodKilled } from './control-plane/istiod-killed.ts';
import { remoteSecretChanged } from './discovery/remote-secret-changed.ts';
import { remoteSecretRevoked } from './discovery/remote-secret-revoked.ts';
import { remoteSecretRotated } from './discovery/remote-secret-rotated.ts';
import type { AnyFault } from './fault.ts';
import { gatewayRestarted } from './gateways/gateway-restarted.ts';
import { gatewayDeleted, gatewayScaledToZero } from './gateways/gateway-scaled-to-zero.ts';
import { linkDelayed } from './link/link-delayed.ts';
import { linkLossy } from './link/link-lossy.ts';
import { linkNarrow } from './link/link-narrow.ts';
import { linkPartitioned, linkReset } from './link/link-partitioned.ts';
import { objectsChanged } from './objects/objects-changed.ts';
import { authorityChanged } from './trust/authority-changed.ts';
import { intermediateRotated } from './trust/intermediate-rotated.ts';
import { rootRotated } from './trust/root-rotated.ts';
import { podsDeleted, podsKilled, podsScaledToZero } from './workloads/pod-faults.ts';
import { podsSlowStart } from './workloads/pods-slow-start.ts';
import { podsFailing, podsHanging, podsLate, podsSlow } from './workloads/unhealthy-fault.ts';

/** All kinds of faults; those that disturb least come first. */
export const faults = {
  ...{ podsDeleted, podsKilled, podsScaledToZero, podsSlowStart },
  ...{ podsFailing, podsLate, podsHanging, podsSlow },
  ...{ gatewayDeleted, gatewayScaledToZero, gatewayRestarted },
  ...{ linkPartitioned, linkReset, linkLossy, linkNarrow, linkDelayed },
  ...{
    istiodDown,
    istiodKilled,
    apiServerDown,
    remoteSecretRevoked,
    remoteSecretRotated,
    remoteSecretChanged,
  },
  ...{ authorityChanged, intermediateRotated, rootRotated, regionLabelsLost, clusterFrozen, clusterGone },
};

/** The same as a list. */
export const faultKinds: readonly AnyFault[] = Object.values(faults);

/** Kinds that need whole objects, which a command line cannot give. Defects use them, and `heal` knows them. */
const unlisted: readonly AnyFault[] = [objectsChanged];

/** The kind of that id; undefined without such a kind. */
export const faultNamed = (id: string): AnyFault | undefined =>
  [...faultKinds, ...unlisted].find((kind) => kind.id === id);
