import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { cannotJudge, fail, measured, pass } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, ms } from './wording.ts';

/** The clock for waiting; a test injects its own. Milliseconds, monotonic. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`, or earlier when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (delayMs, signal) => pause(delayMs, undefined, { ...(signal && { signal }) }).catch(() => undefined),
};

/** Reads the value. The signal aborts when the time for the read is over. */
export type Probe<T> = (signal: AbortSignal) => Promise<T> | T;

/** The observations of a value while meshproof waited for it. */
export interface Observed<T> {
  what: string;
  waitedMs: number;
  /** How often the probe ran, failed runs included. */
  probes: number;
  /** The last value that the probe returned; absent if it never returned one. */
  last?: { value: T };
}

/** A value that did not become as expected in time. `cause` is the error of the last probe, if that failed. */
export class NotConverged extends Error {
  override readonly name = 'NotConverged';
  readonly observed: Observed<unknown>;

  constructor(
    observed: Observed<unknown>,
    longestStreak: number,
    inARow: number,
    lastSeen: string,
    cause?: unknown,
  ) {
    const streak = longestStreak > 0 ? `, at best ${longestStreak} of ${inARow} times in a row` : '';
    super(
      `waited ${ms(observed.waitedMs)} for ${observed.what}: not seen in ${count(observed.probes, 'probe')}${streak}; ${lastSeen}`,
      cause === undefined ? undefined : { cause },
    );
    this.observed = observed;
  }
}

/** A value that did not stay as expected. */
export class NotHeld extends Error {
  override readonly name = 'NotHeld';
  readonly observed: Observed<unknown>;

  constructor(observed: Observed<unknown>, forMs: number, lastSeen: string) {
    super(
      `${observed.what} had to hold for ${ms(forMs)}, but did not after ${ms(observed.waitedMs)}, at probe ${observed.probes}; ${lastSeen}`,
    );
    this.observed = observed;
  }
}

/** How to wait until a value is as expected. */
export interface Eventually<T> {
  until: (value: T) => boolean;
  /** How often in a row: a single success proves nothing. Default 3. */
  inARow?: number;
  /** The most time from the first probe to the last of the row. */
  withinMs: number;
  /** Pause between two probes. */
  everyMs?: number;
  /** A noun phrase for the value: "east's endpoints in the proxy of webapp". */
  what: string;
  /** Describes a value in the reason of a failure; default: as Node prints it. */
  say?: (value: T) => string;
  clock?: Clock;
}

/** A value that converged: the last one seen, and when the row of expected values began, in ms since the first probe. */
export interface Converged<T> {
  value: T;
  convergedMs: number;
  probes: number;
}

/**
 * Probes until the value is as expected several times in a row. A probe that throws counts as not expected, because a mesh
 * under change may refuse to answer; the last thrown error becomes the cause. A probe that hangs ends when the time is over.
 *
 * @throws NotConverged when the time is over.
 */
export function eventually<T>(probe: Probe<T>, options: Eventually<T>): Promise<Converged<T>> {
  return whileWaiting(() => converge(probe, options));
}

async function converge<T>(probe: Probe<T>, options: Eventually<T>): Promise<Converged<T>> {
  const { until, inARow = 3, withinMs, everyMs = timeouts.pollMs, what, clock = systemClock } = options;
  const startMs = clock.now();
  const observed: Observed<T> = { what, waitedMs: 0, probes: 0 };
  let [streak, longestStreak, convergedMs] = [0, 0, 0];
  let cause: unknown;
  let longestMs = 0;
  for (;;) {
    const beganMs = clock.now() - startMs;
    const run = await runProbe(probe, withinMs - beganMs, clock);
    observed.probes += 1;
    observed.waitedMs = clock.now() - startMs;
    const tookMs = observed.waitedMs - beganMs;
    if (run.last) [observed.last, longestMs] = [run.last, Math.max(longestMs, tookMs)];
    // The deadline cuts the last probe short. That is evidence only if earlier probes answered in less time.
    if (!run.hung || tookMs > longestMs) cause = run.error;
    streak = run.last && observed.waitedMs <= withinMs && until(run.last.value) ? streak + 1 : 0;
    longestStreak = Math.max(longestStreak, streak);
    if (streak === 1) convergedMs = observed.waitedMs;
    if (run.last && streak >= inARow) return { value: run.last.value, convergedMs, probes: observed.probes };
    if (observed.waitedMs + everyMs >= withinMs) break;
    await clock.sleep(everyMs);
    if (clock.now() - startMs >= withinMs) break; // The system clock oversleeps.
  }
  throw new NotConverged(observed, longestStreak, inARow, lastSeen(observed, options.say, cause), cause);
}

/** A condition that must stay true, and for how long. */
export interface Consistently<T> {
  holds: (value: T) => boolean;
  forMs: number;
  everyMs?: number;
  /** A noun phrase for the value: "the number of catalog's endpoints". */
  what: string;
  /** Describes a value in the reason of a failure; default: as Node prints it. */
  say?: (value: T) => string;
  clock?: Clock;
}

/**
 * Probes for a time and expects the value to be as expected each time. Resolves to the observations. If the probe throws,
 * `consistently` throws an Error that names the time and has the thrown error as its `cause`: an unread value proves nothing.
 *
 * @throws NotHeld on the first value that is not as expected.
 */
export function consistently<T>(probe: Probe<T>, options: Consistently<T>): Promise<Observed<T>> {
  return whileWaiting(() => watch(probe, options));
}

async function watch<T>(probe: Probe<T>, options: Consistently<T>): Promise<Observed<T>> {
  const { holds, forMs, everyMs = timeouts.pollMs, what, clock = systemClock } = options;
  const startMs = clock.now();
  const observed: Observed<T> = { what, waitedMs: 0, probes: 0 };
  for (;;) {
    const run = await runProbe(probe, Math.max(forMs, timeouts.apiMs), clock);
    observed.probes += 1;
    observed.waitedMs = clock.now() - startMs;
    if (run.last === undefined) {
      throw new Error(
        `could not read ${what}, ${ms(observed.waitedMs)} into ${ms(forMs)}: ${messageOf(run.error)}`,
        { cause: run.error },
      );
    }
    observed.last = run.last;
    if (!holds(run.last.value)) throw new NotHeld(observed, forMs, lastSeen(observed, options.say));
    const leftMs = forMs - observed.waitedMs;
    if (leftMs <= 0) return observed;
    await clock.sleep(Math.min(everyMs, leftMs));
  }
}

/**
 * {@link eventually} as a judgement, for a promise to converge in time. Fails if the last value read was not as expected in
 * time. Cannot judge if the probe never returned a value, or if the last probe failed: the value may have converged since.
 */
export async function judgeEventually<T>(
  probe: Probe<T>,
  options: Eventually<T> & { scope?: string },
): Promise<Judgement> {
  const { what, withinMs, scope } = options;
  try {
    const { convergedMs } = await eventually(probe, options);
    const reason = `${what} after ${ms(convergedMs)}, at most ${ms(withinMs)} may pass`;
    return pass(reason, [measured(what, Math.round(convergedMs), 'ms', { atMost: withinMs, scope })]);
  } catch (error) {
    if (!(error instanceof NotConverged)) throw error;
    const isSeen = error.observed.last !== undefined && error.cause === undefined;
    return isSeen ? fail(error.message) : cannotJudge(error.message);
  }
}

/**
 * {@link consistently} as a judgement, for a promise to stay. Fails on the first value that is not as expected; cannot judge
 * if the probe threw.
 */
export async function judgeConsistently<T>(probe: Probe<T>, options: Consistently<T>): Promise<Judgement> {
  try {
    const { probes, waitedMs } = await consistently(probe, options);
    return pass(`${options.what} held for ${ms(waitedMs)}, in ${count(probes, 'probe')}`, [
      measured(`${options.what} held for`, Math.round(waitedMs), 'ms', { atLeast: options.forMs }),
    ]);
  } catch (error) {
    if (error instanceof NotHeld) return fail(error.message);
    return cannotJudge(error instanceof Error ? error.message : String(error));
  }
}

/** Runs a probe once, for at most `leftMs`; a hang becomes an error. */
async function runProbe<T>(
  probe: Probe<T>,
  leftMs: number,
  clock: Clock,
): Promise<{ last?: { value: T }; error?: unknown; hung?: true }> {
  const outOfTime = new AbortController();
  const settled = new AbortController();
  const hang = clock.sleep(Math.max(0, leftMs), settled.signal).then(() => {
    outOfTime.abort();
    const error = new Error(`the probe did not answer within the remaining ${ms(Math.max(0, leftMs))}`);
    return { error, hung: true as const };
  });
  const run = Promise.resolve()
    .then(() => probe(outOfTime.signal))
    .then(
      (value) => ({ last: { value } }),
      (error: unknown) => ({ error }),
    );
  try {
    return await Promise.race([run, hang]);
  } finally {
    settled.abort();
  }
}

const printed = (value: unknown): string =>
  inspect(value, { depth: 4, breakLength: Infinity, maxArrayLength: 10, maxStringLength: 500 });

function lastSeen<T>(observed: Observed<T>, say: (value: T) => string = printed, cause?: unknown): string {
  const failure = cause === undefined ? [] : [`the last probe failed: ${messageOf(cause)}`];
  if (observed.last === undefined) return failure[0] ?? 'no probe returned a value';
  return [...failure, `last seen: ${say(observed.last.value)}`].join('; ');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
