import type { z } from 'zod';
import type { FaultKind } from '../chaos/fault.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Family } from '../doctor/finding.ts';

/** A fault with its parameters, of any kind. */
export interface Breakage {
  kind: FaultKind;
  parameters: Readonly<Record<string, unknown>>;
}

/** A fault with the parameters of its kind. */
export const breakage = <P extends z.ZodObject, U>(
  kind: FaultKind<P, U>,
  parameters: z.input<P>,
): Breakage => ({ kind, parameters });

/** One of the first two clusters of the mesh file, as `pairOf` names them. */
export type Side = 'west' | 'east';

/** A defect of a mesh: how to break a healthy mesh, and which findings and promises have to report it. */
export interface Defect {
  /** In kebab case, unique. */
  id: string;
  /** The defect as a sentence without its full stop. */
  title: string;
  family: Family;
  /** Why meshes have this defect, and its effect, in a sentence or two. */
  cause: string;
  /** Whether traffic still works, so that only the doctor can report the defect. */
  silent: boolean;
  /** The faults of the defect: injected in this order through the journal, healed in reverse order. */
  break(mesh: MeshFile): readonly Breakage[];
  /** The time from the proof of the breakage until all its effects are visible, in milliseconds; default: timeouts.defectSettleMs. */
  settleMs?: number;
  /** Codes of findings. The first cause has to have one of them. */
  findings: readonly [string, ...string[]];
  /** The clusters that the finding has to name. If absent, it may name either cluster or the mesh. */
  where?: { cluster: Side; peer?: Side };
  /** Ids of the promises that have to break; empty for a silent defect. */
  promises: readonly string[];
}

/** A table of defects of one family. */
export const inFamily = (family: Family, rows: readonly Omit<Defect, 'family'>[]): readonly Defect[] =>
  rows.map((row) => ({ ...row, family }));
