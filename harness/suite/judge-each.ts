import { isMachineBusy } from '../base/machine-busy.ts';
import { FaultUnavailable } from '../chaos/fault.ts';
import { recordCount, type Shot } from '../traffic/recorder.ts';
import type { Outcome } from '../traffic/timeline.ts';
import { cannotJudge, machineTooBusy } from '../verdict/judgement.ts';
import { judgeOutcomes } from '../verdict/outcomes.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { isBroken, messageOf } from './promise.ts';

/** One judgement of an item, or several by scope. */
type Judged = Judgement | Record<string, Judgement>;

/**
 * Judges several items concurrently; the result is by scope, for `holdAll`. If an item has several judgements, their scopes replace the
 * scope of the item. An item that throws becomes `error`; the other items keep their judgements. Assertion errors and
 * {@link FaultUnavailable} are rethrown: they fail or skip the promise.
 */
export async function judgeEach<T>(
  items: readonly T[],
  scope: (item: T) => string,
  judge: (item: T) => Promise<Judged>,
): Promise<Record<string, Judgement>> {
  const judged = await Promise.all(
    items.map(async (item): Promise<Record<string, Judgement>> => {
      const one = await orCannotJudge(() => judge(item));
      return isJudgement(one) ? { [scope(item)]: one } : one;
    }),
  );
  return Object.assign({}, ...judged) as Record<string, Judgement>;
}

const isJudgement = (judged: Judged): judged is Judgement => typeof judged['verdict'] === 'string';

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
async function orCannotJudge<J extends Judged>(judge: () => Promise<J>): Promise<J | Judgement> {
  try {
    return await judge();
  } catch (error) {
    if (error instanceof FaultUnavailable || isBroken(error)) throw error;
    return unjudgedBy(error);
  }
}

/** The `error` that a thrown error makes of a judgement, with its message and its causes. */
export const unjudgedBy = (error: unknown): Judgement =>
  (isMachineBusy(error) ? machineTooBusy : cannotJudge)(messageOf(error));
