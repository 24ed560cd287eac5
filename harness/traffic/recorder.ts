import { setTimeout as delay } from 'node:timers/promises';
import { whileWaiting } from '../base/waiting.ts';
import { startClock, type Clock } from './clock.ts';
import { Stalls } from './stalls.ts';
import type { RequestRecord, Timeline, TimelineEvent } from './timeline.ts';

/** Sends one request and resolves to its record, also if the request fails. Rejects only if it could not be sent. */
export type Shot = () => Promise<RequestRecord>;

/** The settings of a load. It ends with the first of `count`, `durationMs`, `until` and `stop()`. */
export interface RecordOptions {
  send: Shot;
  /** Requests a second, evenly spaced, also if earlier ones are slow (an open loop). */
  ratePerSecond: number;
  count?: number;
  durationMs?: number;
  until?: AbortSignal;
  /** The most concurrent requests. A further request that is due is recorded as a `clientTimeout`. Default: 512. */
  maxInFlight?: number;
  /** Set it to have several recordings on one clock. Default: a clock that starts now. */
  clock?: Clock;
}

/** A running load. */
export interface Recording {
  readonly clock: Clock;
  /** Records an event in the mesh at the current time, on the clock of the requests. */
  event(label: string): void;
  /** The requests that have ended so far, in order of their end. */
  readonly soFar: readonly RequestRecord[];
  /** Settles when the last request is sent: at once after `stop()`. */
  readonly sent: Promise<void>;
  /**
   * Ends the load, waits for the answers to requests under way and returns the timeline. Throws if a request could not be
   * sent (`TransportFailure`), or if this process stood still for longer than `timeouts.generatorStallMs`: such a recording
   * cannot be judged.
   */
  stop(): Promise<Timeline>;
}

/**
 * Starts an open-loop load: request i is sent at i / rate, also if all earlier requests hang. `startMs` of a record is the
 * time at which the request was due, so a stall of the sender adds to its latency and is not hidden
 * (http://www.scylladb.com/2021/04/22/on-coordinated-omission/).
 */
export function record(options: RecordOptions): Recording {
  const clock = options.clock ?? startClock();
  const ledger = new Ledger(clock, options.maxInFlight ?? 512);
  const ending = new AbortController();
  const end = options.until ? AbortSignal.any([ending.signal, options.until]) : ending.signal;
  const stalls = new Stalls();
  const sent = pace(options, clock, end, (dueMs) => {
    stalls.note(clock.nowMs() - dueMs);
    if (!end.aborted) void ledger.shoot(options.send, dueMs);
  });
  return {
    clock,
    event: (label) => void ledger.events.push({ atMs: clock.nowMs(), label }),
    soFar: ledger.requests,
    sent,
    stop: async () => {
      ending.abort();
      await sent;
      const timeline = await whileWaiting(() => ledger.close()).finally(() => stalls.end());
      return { ...timeline, lateMs: stalls.refuse() };
    },
  };
}

/**
 * Sends `count` requests, at most `concurrency` at once (default 16), each when an earlier one is answered, and returns the
 * timeline. Use this closed loop for shares and contents. Do not use it for outages: it would hide them.
 */
export async function recordCount(options: {
  send: Shot;
  count: number;
  concurrency?: number;
  clock?: Clock;
}): Promise<Timeline> {
  const clock = options.clock ?? startClock();
  const concurrency = Math.max(1, Math.min(options.concurrency ?? 16, options.count));
  const ledger = new Ledger(clock, concurrency);
  let left = options.count;
  const lane = async () => {
    while (left-- > 0 && ledger.failure === undefined) await ledger.shoot(options.send, clock.nowMs());
  };
  await whileWaiting(() => Promise.all(Array.from({ length: concurrency }, lane)));
  return ledger.close();
}

async function pace(
  options: RecordOptions,
  clock: Clock,
  end: AbortSignal,
  turn: (dueMs: number) => void,
): Promise<void> {
  if (!(options.ratePerSecond > 0))
    throw new RangeError(`ratePerSecond is ${options.ratePerSecond}: it must be above 0`);
  const intervalMs = 1000 / options.ratePerSecond;
  const beginMs = clock.nowMs();
  const limit = Math.min(options.count ?? Infinity, Math.ceil((options.durationMs ?? Infinity) / intervalMs));
  for (let index = 0; index < limit && !end.aborted; index++) {
    const dueMs = beginMs + index * intervalMs;
    const aheadMs = dueMs - clock.nowMs();
    // A timer has a resolution of a millisecond. Requests that are due sooner, or late, are sent at once.
    if (aheadMs >= 1) await delay(aheadMs, undefined, { signal: end }).catch(() => undefined);
    turn(dueMs);
  }
}

/** The sent requests and their outcomes. */
class Ledger {
  readonly requests: RequestRecord[] = [];
  readonly events: TimelineEvent[] = [];
  failure: unknown;
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(clock: Clock, maxInFlight: number) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
  }

  shoot(send: Shot, dueMs: number): Promise<void> {
    if (this.#inFlight.size >= this.#maxInFlight) {
      const detail = `not sent: ${this.#inFlight.size} requests are under way`;
      this.requests.push({ startMs: dueMs, endMs: this.#clock.nowMs(), outcome: 'clientTimeout', detail });
      return Promise.resolve();
    }
    const settled = this.#settle(send, dueMs).finally(() => this.#inFlight.delete(settled));
    this.#inFlight.add(settled);
    return settled;
  }

  async #settle(send: Shot, dueMs: number): Promise<void> {
    try {
      const { outcome, status, origin, detail } = await send();
      this.requests.push({
        startMs: dueMs,
        endMs: this.#clock.nowMs(),
        outcome,
        ...(status === undefined ? {} : { status }),
        ...(origin === undefined ? {} : { origin }),
        ...(detail === undefined ? {} : { detail }),
      });
    } catch (error) {
      this.failure ??= error;
    }
  }

  async close(): Promise<Timeline> {
    await Promise.all(this.#inFlight);
    if (this.failure !== undefined)
      throw new Error('The recording failed: a request could not be sent.', {
        cause: this.failure,
      });
    return {
      startedAt: this.#clock.startedAt,
      requests: this.requests.toSorted((a, b) => a.startMs - b.startMs),
      events: this.events.toSorted((a, b) => a.atMs - b.atMs),
    };
  }
}
