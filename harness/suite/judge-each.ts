import { FaultUnavailable } from '../chaos/fault.ts';
import { recordCount, type Shot } from '../traffic/recorder.ts';
import type { Outcome } from '../traffic/timeline.ts';
import { cannotJudge } from '../verdict/judgement.ts';
import { judgeOutcomes } from '../verdict/outcomes.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { isBroken, messageOf } from './promise.ts';

/**
 * Judges several directions or places side by side, each under its scope, as `holdAll` takes them. One that throws cannot be judged,
 * and takes the judgements of the others away no more; what makes or skips a promise as a whole is thrown on.
 */
export async function judgeEach<T>(
  items: readonly T[],
  scope: (item: T) => string,
  judge: (item: T) => Promise<Judgement>,
): Promise<Record<string, Judgement>> {
  return Object.fromEntries(
    await Promise.all(
      items.map(async (item) => [scope(item), await orCannotJudge(() => judge(item))] as const),
    ),
  );
}

/** A call that is made several times, and what has to become of it each time. */
export interface ExpectedCall {
  /** The direction or place it is made in; each call has its own. */
  scope: string;
  call: Shot;
  expected: Outcome | readonly Outcome[];
  count: number;
}

/** Requests of {@link judgeCalls} under way at once: calls side by side, times requests of each. */
const [callsAtOnce, requestsAtOnce] = [4, 4];

/**
 * Makes every call its number of times and judges their outcomes, each call under its scope. Few at once: each may be a
 * connection of its own, and a mesh that is flooded with handshakes answers late.
 */
export async function judgeCalls(calls: readonly ExpectedCall[]): Promise<Record<string, Judgement>> {
  const judgements: Record<string, Judgement> = {};
  const left = calls.values();
  const lane = async () => {
    for (const { scope, call, expected, count } of left) {
      judgements[scope] = await orCannotJudge(async () => {
        const timeline = await recordCount({ send: call, count, concurrency: requestsAtOnce });
        return judgeOutcomes({ timeline, expected, atLeast: count });
      });
    }
  };
  await Promise.all(Array.from({ length: callsAtOnce }, lane));
  return judgements;
}

/** The judgement, or that there is none because of what was thrown, its causes included. Assertions and {@link FaultUnavailable} are thrown on. */
export async function orCannotJudge(judge: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof FaultUnavailable || isBroken(error)) throw error;
    return cannotJudge(messageOf(error));
  }
}
