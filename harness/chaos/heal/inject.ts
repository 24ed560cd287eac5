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
  /** The evidence of its effect, as a sentence. */
  evidence: string;
  /** Milliseconds from the first change to the last, and to the proof of the effect. */
  injectedMs: number;
  provenMs: number;
  /**
   * Heals the fault and proves that. Once healed, each call returns the same result; after a failure it tries again.
   */
  heal(): Promise<Healed>;
}

/** The result of healing a fault. */
export interface Healed {
  evidence: string;
  /** Milliseconds from the first step of healing to its end, and to the proof. */
  healedMs: number;
  provenMs: number;
}

/** The options of {@link inject} and {@link Injected.heal}. A caller with its own clock uses the callbacks. */
export interface InjectOptions {
  /** Called right before the first change, after all preparation and the journal. */
  onBegin?: () => void;
  /** Called after the last change, before the proof. */
  onInjected?: () => void;
  /** Called after all was restored, before the proof. */
  onHealed?: () => void;
  /**
   * Ends the injection. A fault that was begun is healed at once, without a proof, and the reason of the signal is
   * thrown.
   */
  signal?: AbortSignal;
}

/**
 * Injects a fault and proves that it took effect. The data to undo it is in the journal of the mesh before anything
 * is changed, so that `meshproof heal` can do it even if this process is killed.
 *
 * @throws InvalidParameters; FaultUnavailable; the reason of the signal; Error when the effect is not proven within
 * its bound. The fault is healed then, unless the error says to run `meshproof heal`.
 */
export async function inject<P extends z.ZodObject, U>(
  mesh: Mesh,
  kind: FaultKind<P, U>,
  given: z.input<P>,
  options: InjectOptions = {},
): Promise<Injected> {
  const parameters: z.output<P> = parametersOf<P>(kind, given, mesh.file);
  if (kind.needsLab && !mesh.isLab)
    throw new FaultUnavailable(
      `${kind.id} needs a lab of meshproof: it changes the containers and keys of the lab. Use a lab: \`meshproof up\`.`,
    );
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
 * Injects and proves. If that fails, heals the fault and returns the error to throw.
 *
 * @throws Error when the fault is not healed: its entry has to stay in the journal.
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
      throw new Error(`${kind.id} was not healed during its injection: ${why}`, { cause: error.cause });
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
 * @throws Error when that takes longer than its bound, or when a server refuses.
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
  /** The awaited state, for messages. */
  what: string;
  signal?: AbortSignal | undefined;
}

/** A change is still running after its time limit. */
class StillChanging extends Error {}

/**
 * Makes a change and returns its proof. If that exceeds its bound, or the signal ends it, the error is thrown only
 * after the change has ended: a change that overlaps with healing would outlive it. A proof only reads, and is
 * abandoned.
 *
 * @throws StillChanging when the change has not ended {@link timeouts.lateMs} later.
 */
async function within(
  { boundMs, what, signal }: Limit,
  change: () => Promise<void>,
  prove: () => Promise<string>,
): Promise<string> {
  const ended = Promise.withResolvers<never>();
  const late = new Error(`Waited ${boundMs / 1000} s without success for ${what}.`);
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
      `a change is still running after ${timeouts.lateMs / 1000} s more. When this process has ended, run \`meshproof heal\`.`,
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
  void act.finally(() => resolve(true)).catch(() => undefined); // its caller handles the failure
  return promise.finally(() => clearTimeout(timer));
}
