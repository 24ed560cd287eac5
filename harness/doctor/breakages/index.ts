import type { Breakage } from './breakage.ts';
import { controlPlaneBreakages } from './control-planes.ts';
import { discoveryBreakages } from './discovery.ts';
import { gatewayServiceBreakages } from './gateway-services.ts';
import { localityBreakages } from './locality.ts';
import { networkBreakages } from './network.ts';
import { policyBreakages } from './policy.ts';
import { scopeBreakages } from './scope.ts';
import { trustBreakages } from './trust.ts';
import { versionBreakages } from './versions.ts';
import { workloadBreakages } from './workloads.ts';

/** Breakages of a healthy mesh of `west` and `east`, for tests of pairs, of remedies, and of random meshes. */
export const breakages: readonly Breakage[] = [
  ...trustBreakages,
  ...discoveryBreakages,
  ...controlPlaneBreakages,
  ...gatewayServiceBreakages,
  ...scopeBreakages,
  ...networkBreakages,
  ...localityBreakages,
  ...policyBreakages,
  ...workloadBreakages,
  ...versionBreakages,
];
