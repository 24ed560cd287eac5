import type { z } from 'zod';
import type { Mesh } from '../mesh/attach.ts';
import type { Bounds } from './bounds.ts';

/** The part of the mesh that a fault disturbs, besides meshproof's workloads. */
export type Disturbed = 'nothing' | 'gateway' | 'control-plane' | 'link' | 'cluster';

/**
 * The order of healing after a crash. A frozen cluster does not answer, a cut link hides half of the mesh, and an API
 * server that is cut off cannot restore an object.
 */
export const stages = ['cluster', 'link', 'api-server', 'rest'] as const;
export type Stage = (typeof stages)[number];

/** A fault that is injected, or is about to be, with all data that another process needs to undo it. */
export interface Case<P, U> {
  mesh: Mesh;
  /** The id of the journal entry: eight letters and digits. Marks carry it. */
  id: string;
  parameters: P;
  undo: U;
}

/**
 * A kind of fault. Only `inject` and `heal` change anything. All functions but `heal` may throw; a fault that was
 * begun is then healed.
 */
export interface FaultKind<Parameters extends z.ZodObject = z.ZodObject, Undo = unknown> {
  /** In kebab case, unique. */
  id: string;
  /** Its effect, as a sentence without a full stop. */
  title: string;
  disturbs: Disturbed;
  /** Whether it needs the Docker engine or the root key of a lab. */
  needsLab: boolean;
  stage: Stage;
  bounds: Bounds;
  parameters: Parameters;
  /** The schema of the result of `prepare`, which healing reads from the journal. */
  undo: z.ZodType<Undo>;
  /** The clusters that it disturbs. On a mesh that is not a lab, the user has to allow their contexts by name. */
  clusters(parameters: z.output<Parameters>, mesh: Mesh): readonly string[];
  /**
   * Reads only, and returns the data to undo the fault. Throws if the target is broken before the fault, because that
   * proves nothing, and {@link FaultUnavailable} if the machine or the mesh does not support the fault.
   */
  prepare(mesh: Mesh, parameters: z.output<Parameters>, id: string): Promise<Undo>;
  inject(of: Case<z.output<Parameters>, Undo>): Promise<void>;
  /** Waits for the effect, observed by other means than traffic. Returns the evidence as a sentence. */
  prove(of: Case<z.output<Parameters>, Undo>): Promise<string>;
  /**
   * Restores the mesh from any state that `inject` or `heal` can leave. It is not an error if there is nothing to
   * restore.
   */
  heal(of: Case<z.output<Parameters>, Undo>): Promise<void>;
  /** Waits until the effect is gone. Returns the evidence as a sentence. */
  proveHealed(of: Case<z.output<Parameters>, Undo>): Promise<string>;
}

/** A fault of any kind, for code that does not read its parameters. */
export type AnyFault = FaultKind;

/** Lets the compiler infer the types of parameters and undo data. */
export const defineFault = <P extends z.ZodObject, U>(kind: FaultKind<P, U>): FaultKind<P, U> => kind;

/** The fault is not available here: the mesh is not a lab, or the kernel lacks a feature. A reason to skip. */
export class FaultUnavailable extends Error {}
