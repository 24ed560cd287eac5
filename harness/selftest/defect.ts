import type { z } from 'zod';
import type { FaultKind } from '../chaos/fault.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Family } from '../doctor/finding.ts';

/** A fault with its parameters, where nobody looks into them. */
export interface Breakage {
  kind: FaultKind;
  parameters: Readonly<Record<string, unknown>>;
}

/** A kind of fault with parameters of its own shape. */
export const breakage = <P extends z.ZodObject, U>(
  kind: FaultKind<P, U>,
  parameters: z.input<P>,
): Breakage => ({ kind, parameters });

/** One of the two clusters that a defect lies between, as `pairOf` names them: by the order of the mesh file. */
export type Side = 'west' | 'east';

/** One way in which a mesh can be wrong, how to make it so, and who has to notice. */
export interface Defect {
  /** In kebab case, unique; the name of its file. */
  id: string;
  /** What is wrong, as a phrase without its end. */
  title: string;
  family: Family;
  /** Why that is wrong and how it comes about, in a sentence or two. */
  cause: string;
  /** Whether traffic still works today, so that only the doctor can notice. */
  silent: boolean;
  /** What makes a healthy mesh so: injected in this order, healed the last first, journaled as any fault. */
  break(mesh: MeshFile): readonly Breakage[];
  /** How long after the proof of the breakage the mesh may take until all of it can be seen, in milliseconds; timeouts.defectSettleMs where absent. */
  settleMs?: number;
  /** Codes of findings: one of them has to be the first cause. */
  findings: readonly [string, ...string[]];
  /** Where that finding has to be; absent where the mesh as a whole, or either cluster, may be named. */
  where?: { cluster: Side; peer?: Side };
  /** Ids of promises that must not be kept while it lasts; empty for silent ones. */
  promises: readonly string[];
}
