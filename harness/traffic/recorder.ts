import { setTimeout as delay } from 'node:timers/promises';
import { whileWaiting } from '../base/waiting.ts';
import { startClock, type Clock } from './clock.ts';
import { Stalls } from './stalls.ts';
import type { RequestRecord, Timeline, TimelineEvent } from './timeline.ts';

/** Sends one request; resolves to its record, whatever became of it. Rejects only when nothing was learnt. */
export type Shot = () => Promise<RequestRecord>;

/** How a load is made. It ends at whichever of `count`, `durationMs` and `until` comes first, or with `stop()`. */
export interface RecordOptions {
  send: Shot;
  /** Requests a second, evenly spaced, whatever becomes of earlier ones (an open loop). */
  ratePerSecond: number;
  count?: number;
  durationMs?: number;
  until?: AbortSignal;
  /** Requests that may be under way at once; one that is due beyond that is recorded as a `clientTimeout`. Default 512. */
  maxInFlight?: number;
  /** To tell several recordings on one clock. Default: one that starts now. */
  clock?: Clock;
}

/** A load that is running. */
export interface Recording {
  readonly clock: Clock;
  /** Notes what is done to the mesh, now, on the clock of the requests. */
  event(label: string): void;
  /** What has been recorded so far, in the order in which it ended. */
  readonly soFar: readonly RequestRecord[];
  /** Settles when the last request was sent: at once after `stop()`. */
  readonly sent: Promise<void>;
  /**
   * Ends the load, waits for the answers that are under way and returns the timeline. Throws when a request could not be
   * sent at all (`TransportFailure`), or when this process stood still for longer than `timeouts.generatorStallMs`:
   * such a recording cannot be judged.
   */
  stop(): Promise<Timeline>;
}

/**
 * Starts an open-loop load: request i is due at i / rate, and is sent then even if all before it hang. `startMs` of a
 * record is when it was due, so that a stall of the sender counts against the answer and hides nothing
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

/** Records `durationMs` or `count` of load and returns its timeline: {@link record}, without anything in between. */
export async function recordFor(
  options: RecordOptions & ({ durationMs: number } | { count: number }),
): Promise<Timeline> {
  const recording = record(options);
  await whileWaiting(() => recording.sent);
  return recording.stop();
}

/**
 * Sends `count` requests, at most `concurrency` at once (default 16), each as soon as one before it is answered, and
 * returns the timeline. A closed loop: for shares and contents; not for outages, which it would hide.
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
    throw new RangeError(`ratePerSecond must be above 0, got ${options.ratePerSecond}`);
  const intervalMs = 1000 / options.ratePerSecond;
  const beginMs = clock.nowMs();
  const limit = Math.min(options.count ?? Infinity, Math.ceil((options.durationMs ?? Infinity) / intervalMs));
  for (let index = 0; index < limit && !end.aborted; index++) {
    const dueMs = beginMs + index * intervalMs;
    const aheadMs = dueMs - clock.nowMs();
    // A timer has a millisecond's grain: what is due within it is sent at once, and late sends catch up.
    if (aheadMs >= 1) await delay(aheadMs, undefined, { signal: end }).catch(() => undefined);
    turn(dueMs);
  }
}

/** What has been sent and what came back. */
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
      const detail = `not sent: ${this.#inFlight.size} requests were under way`;
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
      throw new Error(`Could not record: a request could not be sent, so there is no evidence to judge.`, {
        cause: this.failure,
      });
    return {
      startedAt: this.#clock.startedAt,
      requests: this.requests.toSorted((a, b) => a.startMs - b.startMs),
      events: this.events.toSorted((a, b) => a.atMs - b.atMs),
    };
  }
}
