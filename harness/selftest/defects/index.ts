import type { Defect } from '../defect.ts';
import { discoveryDefects } from './discovery.ts';
import { localityDefects } from './locality.ts';
import { networkDefects } from './network.ts';
import { policyDefects } from './policy.ts';
import { trustDefects } from './trust.ts';
import { versionsDefects } from './versions.ts';
import { workloadsDefects } from './workloads.ts';

/** Every known way in which a mesh can be wrong, by the family that the doctor has to name it in. */
export const defects: readonly Defect[] = [
  ...trustDefects,
  ...discoveryDefects,
  ...networkDefects,
  ...localityDefects,
  ...policyDefects,
  ...workloadsDefects,
  ...versionsDefects,
];
