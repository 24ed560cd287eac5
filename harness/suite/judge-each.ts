import { FaultUnavailable } from '../chaos/fault.ts';
import { recordCount, type Shot } from '../traffic/recorder.ts';
import type { Outcome } from '../traffic/timeline.ts';
import { cannotJudge } from '../verdict/judgement.ts';
import { judgeOutcomes } from '../verdict/outcomes.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { isBroken, messageOf } from './promise.ts';

/**
 * Judges several items concurrently; the result is by scope, for `holdAll`. An item that throws becomes `error`; the other items keep
 * their judgements. Assertion errors and {@link FaultUnavailable} are rethrown: they fail or skip the promise.
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

/** A call that is repeated, and its expected outcome. */
export interface ExpectedCall {
  /** The direction or place of the call; unique. */
  scope: string;
  call: Shot;
  expected: Outcome | readonly Outcome[];
  count: number;
}

/** Concurrent calls of {@link judgeCalls}, and concurrent requests of each call. */
const [callsAtOnce, requestsAtOnce] = [4, 4];

/**
 * Repeats every call `count` times and judges the outcomes; the result is by scope. Few requests are concurrent: each may need a new
 * connection, and too many handshakes make the answers of a mesh late.
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

/** The judgement, or an `error` with the message of the thrown error and its causes. Assertion errors and {@link FaultUnavailable} are rethrown. */
export async function orCannotJudge(judge: () => Promise<Judgement>): Promise<Judgement> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof FaultUnavailable || isBroken(error)) throw error;
    return cannotJudge(messageOf(error));
  }
}
