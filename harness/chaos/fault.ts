import type { z } from 'zod';
import type { Mesh } from '../mesh/attach.ts';
import type { Bounds } from './bounds.ts';

/** What a fault disturbs beyond meshproof's own workloads. */
export type Disturbed = 'nothing' | 'gateway' | 'control-plane' | 'link' | 'cluster';

/**
 * What is healed first after a crash: a frozen cluster answers nobody, a cut link hides one half of the mesh from the
 * other, and an API server that is cut off cannot be asked to put anything back.
 */
export const stages = ['cluster', 'link', 'api-server', 'rest'] as const;
export type Stage = (typeof stages)[number];

/** One fault that is injected, or about to be: all that its kind needs to undo it, also in another process. */
export interface Case<P, U> {
  mesh: Mesh;
  /** Of the entry in the journal; eight characters, letters and digits. Marks carry it. */
  id: string;
  parameters: P;
  undo: U;
}

/**
 * A kind of fault. Only `inject` and `heal` change anything. Everything but `heal` may throw; what was begun is healed then.
 */
export interface FaultKind<Parameters extends z.ZodObject = z.ZodObject, Undo = unknown> {
  /** In kebab case, unique. */
  id: string;
  /** What it does, as a sentence without its end. */
  title: string;
  disturbs: Disturbed;
  /** Whether it needs the Docker engine or the root key of a lab. */
  needsLab: boolean;
  stage: Stage;
  bounds: Bounds;
  parameters: Parameters;
  /** The shape of what `prepare` returns, to read it back from the journal. */
  undo: z.ZodType<Undo>;
  /** Clusters that it disturbs: on a mesh that is no lab their contexts have to be allowed by name. */
  clusters(parameters: z.output<Parameters>, mesh: Mesh): readonly string[];
  /**
   * Looks only: returns what has to be known to undo it. Throws when the proof would prove nothing, as what shall be broken
   * is broken already, and {@link FaultUnavailable} where the machine or mesh cannot have this fault.
   */
  prepare(mesh: Mesh, parameters: z.output<Parameters>, id: string): Promise<Undo>;
  inject(of: Case<z.output<Parameters>, Undo>): Promise<void>;
  /** Waits for the effect, seen from another angle than the traffic; returns the evidence as a sentence. */
  prove(of: Case<z.output<Parameters>, Undo>): Promise<string>;
  /** Makes it as it was, from any state that `inject` or `heal` can have left; nothing to do is no error. */
  heal(of: Case<z.output<Parameters>, Undo>): Promise<void>;
  /** Waits until the effect is gone; returns the evidence as a sentence. */
  proveHealed(of: Case<z.output<Parameters>, Undo>): Promise<string>;
}

/** A fault of any kind, where its parameters are not looked into. */
export type AnyFault = FaultKind;

/** Lets the compiler infer what a kind's parameters and undo data are. */
export const defineFault = <P extends z.ZodObject, U>(kind: FaultKind<P, U>): FaultKind<P, U> => kind;

/** This fault cannot be had here, whatever is tried: no lab, or a kernel that lacks what it takes. A reason to skip. */
export class FaultUnavailable extends Error {}
