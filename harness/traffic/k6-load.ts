import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { type Clock, startClock } from './clock.ts';
import { endedWell, type K6Exit, type K6Process, k6Variable, startK6 } from './k6-process.ts';
import { K6Stream, type StreamEnd } from './k6-stream.ts';
import type { Target } from './probe.ts';
import type { Recording } from './recorder.ts';
import type { Buckets, Timeline, TimelineEvent } from './timeline.ts';

/** An open-loop load of GET requests. It ends with `durationMs`, `until` or `stop()`, whichever comes first. */
export interface LoadOptions {
  target: Pick<Target, 'name' | 'origin' | 'basePath' | 'headers'>;
  /** Asked in turn; default `/`. */
  paths?: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Requests a second, a whole number, evenly spaced whatever becomes of earlier ones. */
  ratePerSecond: number;
  /** The most that it lasts: a load without an end is nobody's to stop. At least a second, as k6 wants it. */
  durationMs: number;
  /** `fresh`: a connection for each request. `keep-alive`: as many as requests under way have needed, kept. */
  connections: 'keep-alive' | 'fresh';
  /** From sending to the last byte; default {@link timeouts.requestMs}. */
  timeoutMs?: number;
  /**
   * Which requests are in the timeline by themselves: `all`, or those that {@link Timeline.buckets} names. Default: all,
   * as far as they are not too many to hold. With `notable`, `soFar` has the last 20 good ones without a gap: who waits for
   * more in a row waits in vain.
   */
  keep?: 'all' | 'notable';
  until?: AbortSignal;
  /** To tell several recordings on one clock. Default: one that starts now. */
  clock?: Clock;
  /** The path of k6; default that of the environment variable MESHPROOF_K6. */
  binary?: string;
}

/** A load that is running. Disposing it ends k6 at once, where it has not ended. */
export interface Load extends Recording, AsyncDisposable {
  readonly pid: number | undefined;
  /** Counts of what is complete so far, at most a second behind. */
  readonly bucketsSoFar: Buckets;
}

/** A VU takes some 120 KB. Above 500 requests/s, a stall in which more come due is no evidence though it be shorter than others may be. */
const mostVus = 500;

/** So many requests are kept by themselves without a second thought: some 20 MB. */
const mostKept = 60_000;

/**
 * Starts a load that k6 sends: {@link record} with another sender, for rates that would take too much of this process.
 * `startMs` of a record is when it was due. `soFar` throws once the load has failed; `stop` does when k6 ended otherwise than
 * it should, dropped requests or stood still for {@link timeouts.generatorStallMs}: such a recording cannot be judged.
 *
 * @throws RangeError for a rate or a duration that k6 cannot do; Error where there is no k6.
 */
export function startLoad(options: LoadOptions): Load {
  const clock = options.clock ?? startClock();
  const variables = variablesOf(options, clock);
  const run = new K6Run(options, variables, clock);
  const events: TimelineEvent[] = [];
  const interrupt = () => run.interrupt();
  options.until?.addEventListener('abort', interrupt, { once: true });
  if (options.until?.aborted) interrupt();
  return {
    clock,
    pid: run.process.pid,
    event: (label) => void events.push({ atMs: clock.nowMs(), label }),
    get soFar() {
      run.throwFailure();
      return run.stream.requests;
    },
    get bucketsSoFar() {
      return run.stream.buckets;
    },
    sent: run.sent,
    stop: async () => {
      run.interrupt();
      const end = await whileWaiting(() => run.finish());
      options.until?.removeEventListener('abort', interrupt);
      return timelineOf(clock, run.stream, end, events);
    },
    [Symbol.asyncDispose]: () => run.dispose(),
  };
}

function timelineOf(clock: Clock, stream: K6Stream, end: StreamEnd, events: TimelineEvent[]): Timeline {
  return {
    startedAt: clock.startedAt,
    requests: stream.requests.toSorted((a, b) => a.startMs - b.startMs),
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    lateMs: end.lateMs,
    ...(end.elided > 0 ? { buckets: stream.buckets, elided: end.elided } : {}),
  };
}

/** How many requests are due from the first moment of a load to the last, which is not part of it. */
const requestsOf = ({ ratePerSecond, durationMs }: LoadOptions): number =>
  Math.ceil((ratePerSecond * Math.round(durationMs)) / 1000);

/** What load.js and the extension are told. */
function variablesOf(options: LoadOptions, clock: Clock): Record<string, string> {
  const { target, ratePerSecond, durationMs, connections, timeoutMs = timeouts.requestMs } = options;
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1)
    throw new RangeError(`k6 sends a whole number of requests a second from 1 on, not ${ratePerSecond}`);
  if (!(durationMs >= 1000)) throw new RangeError(`k6 runs for a second or longer, not ${durationMs} ms`);
  const settings = {
    urls: (options.paths ?? ['/']).map((path) => target.origin + target.basePath + path),
    headers: { ...target.headers, ...options.headers },
    ratePerSecond,
    durationMs: Math.round(durationMs),
    spareMs: timeouts.generatorStallMs, // for what comes late at the end
    connections,
    timeoutMs,
    connectMs: timeouts.connectMs,
    // A VU only starts a request. After a stall k6 starts at once all that came due meanwhile, each in a VU of its own.
    vus: Math.min(mostVus, Math.max(10, Math.ceil((ratePerSecond * timeouts.generatorStallMs) / 1000))),
  };
  const zeroNs = process.hrtime.bigint() - BigInt(Math.round(clock.nowMs() * 1e6));
  return {
    MESHPROOF_LOAD: JSON.stringify(settings),
    MESHPROOF_CLOCK_ZERO_NS: String(zeroNs),
    MESHPROOF_KEEP: options.keep ?? (requestsOf(options) <= mostKept ? 'all' : 'notable'),
  };
}

/** One run of k6: its process, what it tells, and what went wrong. */
class K6Run {
  readonly stream = new K6Stream();
  readonly process: K6Process;
  readonly sent: Promise<void>;
  readonly #what: string;
  readonly #drainMs: number;
  readonly #exit: Promise<K6Exit | undefined>;
  #allSent: () => void = () => undefined;
  readonly #due: number;
  readonly #intervalMs: number;
  #told = false;
  /** When a load was ended that had requests left to send. */
  #cutShortMs: number | undefined;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #failure: Error | undefined;

  constructor(options: LoadOptions, variables: Readonly<Record<string, string>>, clock: Clock) {
    [this.#clock, this.#beganMs] = [clock, clock.nowMs()];
    const binary = options.binary ?? process.env[k6Variable];
    if (!binary)
      throw new Error(
        `There is no k6 to send a load with: ${k6Variable} is not set. meshproof's own commands set it; outside them, build k6 from clusters/k6 with xk6.`,
      );
    this.#what = `the load of ${options.ratePerSecond} requests/s on ${options.target.name}`;
    this.#due = requestsOf(options);
    this.#intervalMs = 1000 / options.ratePerSecond;
    this.#drainMs = (options.timeoutMs ?? timeouts.requestMs) + timeouts.generatorEndMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    [this.sent, this.#allSent] = [promise, resolve];
    this.process = startK6(binary, variables, (line) => this.#read(line));
    this.#exit = this.process.ended.then(
      (exit) => this.#ended(exit),
      (error: unknown) => this.#fail(`k6 could not be started (${binary})`, error),
    );
  }

  /** Ends the load, k6 waiting for the answers under way. */
  interrupt(): void {
    if (this.#told) return;
    this.#told = true;
    if (!this.stream.sent) this.#cutShortMs = this.#clock.nowMs();
    this.process.interrupt();
  }

  /** @throws Error that says why this load is no evidence. */
  throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Waits for the end of a load that was interrupted, and says how it was; throws where it is no evidence. */
  async finish(): Promise<StreamEnd> {
    const waiting = new AbortController();
    const late = delay(this.#drainMs, 'late' as const, { signal: waiting.signal }).catch(() => undefined);
    if ((await Promise.race([this.#exit, late])) === 'late') {
      this.#fail(`k6 did not end within ${this.#drainMs} ms`);
      await this.dispose();
    }
    waiting.abort();
    this.throwFailure();
    const { end } = this.stream;
    if (!end) throw this.#error('k6 ended without its last words');
    this.#refuse(end);
    return end;
  }

  /** Ends k6 at once, where it has not ended. */
  async dispose(): Promise<void> {
    this.process.kill();
    await this.#exit;
  }

  #refuse({ dropped, unfinished, lateMs, requests }: StreamEnd): void {
    if (dropped > 0)
      throw this.#error(
        `k6 dropped ${dropped} of ${requests + dropped} requests: it could not keep the rate`,
      );
    if (this.#cutShortMs === undefined && requests < this.#due)
      throw this.#error(`k6 sent only ${requests} of ${this.#due} requests`);
    const stoodMs = (this.#cutShortMs ?? 0) - Math.max(this.stream.lastDueMs, this.#beganMs);
    if (stoodMs > timeouts.generatorStallMs + this.#intervalMs)
      throw this.#error(`k6 sent nothing for the last ${Math.round(stoodMs)} ms: this machine is too busy`);
    if (unfinished > 0) throw this.#error(`${unfinished} requests have no outcome`);
    if (lateMs > timeouts.generatorStallMs)
      throw this.#error(
        `k6 sent a request ${Math.round(lateMs)} ms after it was due, at most ${timeouts.generatorStallMs} ms may pass: this machine is too busy`,
      );
  }

  #read(line: string): void {
    if (this.#failure) return;
    try {
      this.stream.push(line);
    } catch (error) {
      this.#fail('k6 told what cannot be read', error);
      this.process.kill();
    }
    if (this.stream.sent) this.#allSent();
  }

  #ended(exit: K6Exit): K6Exit {
    if (!endedWell(exit, this.#told, this.stream.end !== undefined)) {
      const how = exit.signal ? `by ${exit.signal}` : `with status ${exit.code}`;
      this.#fail(`k6 ended ${how}; it said last:\n${exit.said || '(nothing)'}`);
    }
    this.#allSent();
    return exit;
  }

  #fail(why: string, cause?: unknown): undefined {
    this.#failure ??= this.#error(why, cause);
    this.#allSent();
  }

  #error(why: string, cause?: unknown): Error {
    return new Error(`Could not record ${this.#what}, so there is no evidence to judge: ${why}`, { cause });
  }
}
