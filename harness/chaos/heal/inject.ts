import type { z } from 'zod';
import { once } from '../../base/once.ts';
import { timeouts } from '../../base/timeouts.ts';
import type { Mesh } from '../../mesh/attach.ts';
import { FaultUnavailable, type Case, type FaultKind } from '../fault.ts';
import { parametersOf } from '../parameters.ts';
import { journalOf, newEntryId, type JournalEntry } from './journal.ts';
import { identitiesOf } from './cluster-identity.ts';

/** A fault that was injected and proven; healed by `heal()` or at the end of an `await using`. */
export interface Injected extends AsyncDisposable {
  fault: string;
  parameters: Readonly<Record<string, unknown>>;
  /** How it is known that it took effect, as a sentence. */
  evidence: string;
  /** Milliseconds from the first change until all was changed, and until the effect was proven. */
  injectedMs: number;
  provenMs: number;
  /** Heals it and proves that; once healed, the same result however often it is called. After a failure it tries again. */
  heal(): Promise<Healed>;
}

/** What came of healing a fault. */
export interface Healed {
  evidence: string;
  /** Milliseconds from the first step of healing to its end, and to the proof. */
  healedMs: number;
  provenMs: number;
}

/** What {@link inject} and {@link Injected.heal} are told, and tell while they are at work, for a clock of someone's own. */
export interface InjectOptions {
  /** Nothing was changed yet, and now it is: all that is only looked at, and the journal, are done. */
  onBegin?: () => void;
  /** All of the fault was done; the proof is still to come. */
  onInjected?: () => void;
  /** All was put back; the proof is still to come. */
  onHealed?: () => void;
  /** Ends the injection: what was begun is healed at once, without its proof, and the signal's reason is thrown. */
  signal?: AbortSignal;
}

/**
 * Injects a fault and proves that it took effect. What it takes to undo it is in the journal of the mesh before anything is
 * changed, so that `meshproof heal` can do it whatever becomes of this process.
 *
 * @throws InvalidParameters; FaultUnavailable where there can be no such fault; the signal's reason; Error when there is no proof
 *   of an effect within its bound. It was healed again then, unless the error says to run `meshproof heal`.
 */
export async function inject<P extends z.ZodObject, U>(
  mesh: Mesh,
  kind: FaultKind<P, U>,
  given: z.input<P>,
  options: InjectOptions = {},
): Promise<Injected> {
  const parameters: z.output<P> = parametersOf<P>(kind, given, mesh.file);
  if (kind.needsLab && !mesh.isLab)
    throw new FaultUnavailable(`${kind.id} needs a lab of ours: it works on the lab's containers and keys.`);
  options.signal?.throwIfAborted();
  const id = newEntryId();
  const clusters = await identitiesOf(mesh, kind.clusters(parameters, mesh));
  const undo = await kind.prepare(mesh, parameters, id);
  options.signal?.throwIfAborted();
  const of: Case<z.output<P>, U> = { mesh, id, parameters, undo };
  const journal = journalOf(mesh.file);
  const entry: JournalEntry = {
    ...{ version: 1, id, fault: kind.id, phase: 'begun', parameters, undo, clusters },
    ...{ pid: process.pid, startedAt: new Date().toISOString() },
  };
  await journal.write(entry);
  const proven = await proveOrHeal(kind, of, options, () => journal.write({ ...entry, phase: 'injected' }));
  if ('failed' in proven) {
    await journal.remove(entry);
    throw proven.failed;
  }
  const heal = once(async () => {
    const healed = await healCase(kind, of, options).catch((error: unknown) => {
      throw new Error(`${kind.id} could not be healed: run \`meshproof heal\`.`, { cause: error });
    });
    await journal.remove(entry);
    return healed;
  });
  const asyncDispose = async () => void (await heal());
  return {
    ...{ fault: kind.id, parameters, ...proven, heal },
    [Symbol.asyncDispose]: asyncDispose,
  };
}

type Proven = Pick<Injected, 'evidence' | 'injectedMs' | 'provenMs'>;

/**
 * Injects and proves; where that fails, heals, and returns what is to be thrown.
 *
 * @throws Error when what was begun is not healed: its entry has to stay in the journal.
 */
async function proveOrHeal<P extends z.ZodObject, U>(
  kind: FaultKind<P, U>,
  of: Case<z.output<P>, U>,
  { onBegin, onInjected, signal }: InjectOptions,
  noteInjected: () => Promise<void>,
): Promise<Proven | { failed: unknown }> {
  const watch = stopwatch();
  let injectedMs = NaN;
  const change = async () => {
    signal?.throwIfAborted();
    onBegin?.();
    await kind.inject(of);
    injectedMs = watch();
    onInjected?.();
    await noteInjected();
  };
  const limit = { boundMs: kind.bounds.injectMs, what: `the effect of ${kind.id}`, signal };
  try {
    const evidence = await within(limit, change, () => kind.prove(of));
    return { evidence, injectedMs, provenMs: watch() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof StillChanging)
      throw new Error(`${kind.id} was not healed beside its injection: ${why}`, { cause: error.cause });
    try {
      await healCase(kind, of);
    } catch (cause) {
      throw new Error(`${kind.id} failed (${why}) and could not be healed: run \`meshproof heal\`.`, {
        cause,
      });
    }
    if (signal?.aborted) return { failed: signal.reason };
    return { failed: new Error(`${kind.id} has no proven effect; it was healed.`, { cause: error }) };
  }
}

/**
 * Heals a fault and proves it.
 *
 * @throws Error when that takes longer than its bound, or is refused.
 */
export async function healCase<P, U>(
  kind: FaultKind<z.ZodObject, U>,
  of: Case<P, U>,
  options: Pick<InjectOptions, 'onHealed'> = {},
): Promise<Healed> {
  const own = of as Case<Record<string, unknown>, U>;
  const watch = stopwatch();
  let healedMs = NaN;
  const change = async () => {
    await kind.heal(own);
    healedMs = watch();
    options.onHealed?.();
  };
  const limit = { boundMs: kind.bounds.healMs, what: `the healing of ${kind.id}` };
  const evidence = await within(limit, change, () => kind.proveHealed(own));
  return { evidence, healedMs, provenMs: watch() };
}

function stopwatch(): () => number {
  const beganMs = performance.now();
  return () => performance.now() - beganMs;
}

interface Limit {
  boundMs: number;
  /** What is waited for, in words. */
  what: string;
  signal?: AbortSignal | undefined;
}

/** What was to be waited for no longer is still changing the mesh. */
class StillChanging extends Error {}

/**
 * Changes something and returns the proof of it. When that takes longer than its bound, or is ended by the signal, it is thrown
 * only after the change has ended: what it did beside a healing would outlive that. A proof only looks, and is left behind.
 *
 * @throws StillChanging when the change has not ended {@link timeouts.lateMs} later.
 */
async function within(
  { boundMs, what, signal }: Limit,
  change: () => Promise<void>,
  prove: () => Promise<string>,
): Promise<string> {
  const ended = Promise.withResolvers<never>();
  const late = new Error(`Waited ${boundMs / 1000} s in vain for ${what}.`);
  const timer = setTimeout(() => ended.reject(late), boundMs);
  const onAbort = () => ended.reject(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  const changing = change();
  try {
    await Promise.race([changing, ended.promise]);
    return await Promise.race([prove(), ended.promise]);
  } catch (error) {
    if (await hasEnded(changing)) throw error;
    throw new StillChanging(
      `it has not ended ${timeouts.lateMs / 1000} s later. When this process has ended, run \`meshproof heal\`.`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

async function hasEnded(act: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(resolve, timeouts.lateMs, false);
  void act.finally(() => resolve(true)).catch(() => undefined); // its failure is told by whoever began it
  return promise.finally(() => clearTimeout(timer));
}
