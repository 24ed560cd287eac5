import type { z } from 'zod';
import type { Mesh } from '../mesh/attach.ts';
import { FaultUnavailable, type Case, type FaultKind } from './fault.ts';
import { journalOf, newEntryId, type JournalEntry } from './journal.ts';
import { parametersOf } from './parameters.ts';

/** A fault that was injected and proven; healed by `heal()` or at the end of an `await using`. */
export interface Injected extends AsyncDisposable {
  fault: string;
  parameters: Readonly<Record<string, unknown>>;
  /** How it is known that it took effect, as a sentence. */
  evidence: string;
  /** Milliseconds from the first change until all was changed, and until the effect was proven. */
  injectedMs: number;
  provenMs: number;
  /** Heals it and proves that; the same result however often it is called. */
  heal(): Promise<Healed>;
}

/** What came of healing a fault. */
export interface Healed {
  evidence: string;
  /** Milliseconds from the first step of healing to its end, and to the proof. */
  healedMs: number;
  provenMs: number;
}

/** What {@link inject} and {@link Injected.heal} tell while they are at work, for a clock of someone's own. */
export interface InjectOptions {
  /** Nothing was changed yet, and now it is: all that is only looked at, and the journal, are done. */
  onBegin?: () => void;
  /** All of the fault was done; the proof is still to come. */
  onInjected?: () => void;
  /** All was put back; the proof is still to come. */
  onHealed?: () => void;
}

/**
 * Injects a fault and proves that it took effect. What it takes to undo it is in the journal of the mesh before anything is
 * changed, so that `meshproof heal` can do it whatever becomes of this process.
 *
 * @throws InvalidParameters; FaultUnavailable where there can be no such fault; Error when there is no proof of an effect
 *   within its bound, after it was healed again.
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
  const id = newEntryId();
  const undo = await kind.prepare(mesh, parameters, id);
  const of: Case<z.output<P>, U> = { mesh, id, parameters, undo };
  const journal = journalOf(mesh.file);
  const entry: JournalEntry = {
    ...{ version: 1, id, fault: kind.id, phase: 'begun', parameters, undo },
    ...{ pid: process.pid, startedAt: new Date().toISOString() },
  };
  await journal.write(entry);
  const watch = stopwatch();
  let evidence: string;
  let injectedMs: number;
  try {
    [evidence, injectedMs] = await within(kind.bounds.injectMs, `the effect of ${kind.id}`, async () => {
      options.onBegin?.();
      await kind.inject(of);
      const done = watch();
      options.onInjected?.();
      await journal.write({ ...entry, phase: 'injected' });
      return [await kind.prove(of), done];
    });
  } catch (error) {
    await healAfterFailure(kind, of, error);
    await journal.remove(entry);
    throw new Error(`${kind.id} has no proven effect; it was healed.`, { cause: error });
  }
  let healing: Promise<Healed> | undefined;
  const heal = () =>
    (healing ??= healCase(kind, of, options).then(async (healed) => {
      await journal.remove(entry);
      return healed;
    }));
  const asyncDispose = async () => void (await heal());
  return {
    ...{ fault: kind.id, parameters, evidence, injectedMs, provenMs: watch(), heal },
    [Symbol.asyncDispose]: asyncDispose,
  };
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
  const [evidence, healedMs] = await within(kind.bounds.healMs, `the healing of ${kind.id}`, async () => {
    await kind.heal(own);
    const done = watch();
    options.onHealed?.();
    return [await kind.proveHealed(own), done] as const;
  });
  return { evidence, healedMs, provenMs: watch() };
}

async function healAfterFailure<P, U>(
  kind: FaultKind<z.ZodObject, U>,
  of: Case<P, U>,
  cause: unknown,
): Promise<void> {
  try {
    await healCase(kind, of);
  } catch (error) {
    throw new Error(
      `${kind.id} failed (${cause instanceof Error ? cause.message : String(cause)}) and could not be healed: run \`meshproof heal\`.`,
      { cause: error },
    );
  }
}

function stopwatch(): () => number {
  const beganMs = performance.now();
  return () => performance.now() - beganMs;
}

/** The result of `act`, or an error when there is none within a bound; `act` itself is not ended by it. */
async function within<T>(boundMs: number, what: string, act: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const error = new Error(`Waited ${boundMs / 1000} s in vain for ${what}.`);
  const timer = setTimeout(() => late.reject(error), boundMs);
  try {
    return await Promise.race([act(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
