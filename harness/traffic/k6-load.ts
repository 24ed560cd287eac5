import { setTimeout as delay } from 'node:timers/promises';
import { MachineBusy } from '../base/machine-busy.ts';
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
  /** Requested in turn; default `/`. */
  paths?: readonly string[];
  headers?: Readonly<Record<string, string>>;
  /** Requests a second, a whole number. They are evenly spaced, also if earlier ones are slow. */
  ratePerSecond: number;
  /** The longest duration. k6 requires at least a second. */
  durationMs: number;
  /** `fresh`: a connection for each request. `keep-alive`: one for each concurrent request, kept open. */
  connections: 'keep-alive' | 'fresh';
  /** From sending to the last byte; default {@link timeouts.requestMs}. */
  timeoutMs?: number;
  /**
   * The requests that the timeline keeps one by one: `all`, or those that {@link Timeline.buckets} names. Default: `all`,
   * unless they are too many to hold. With `notable`, `soFar` has the last 20 good requests without a gap, so do not wait
   * for more than 20 in a row.
   */
  keep?: 'all' | 'notable';
  until?: AbortSignal;
  /** Set it to have several recordings on one clock. Default: a clock that starts now. */
  clock?: Clock;
  /** The path of k6; default: the environment variable MESHPROOF_K6. */
  binary?: string;
}

/** A running load. Disposing it ends k6 at once. */
export interface Load extends Recording, AsyncDisposable {
  readonly pid: number | undefined;
  /** Counts of the complete slots so far, at most a second behind. */
  readonly bucketsSoFar: Buckets;
}

/** A VU takes about 120 KB. So above 500 requests/s, a load is refused after a shorter stall than {@link timeouts.generatorStallMs}. */
const mostVus = 500;

/** The most requests that are all kept one by one: about 20 MB. */
const mostKept = 60_000;

/**
 * Starts a load that k6 sends, for rates that are too high for {@link record}. `startMs` of a record is the time at which
 * the request was due. `soFar` throws after the load has failed. `stop` throws if k6 failed, dropped requests or stood still
 * for {@link timeouts.generatorStallMs}: such a recording cannot be judged.
 *
 * @throws RangeError if k6 does not support the rate or the duration; Error if the path of k6 is not set.
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

/** The number of requests that are due in a load. */
const requestsOf = ({ ratePerSecond, durationMs }: LoadOptions): number =>
  Math.ceil((ratePerSecond * Math.round(durationMs)) / 1000);

/** The settings of load.js and of the extension. */
function variablesOf(options: LoadOptions, clock: Clock): Record<string, string> {
  const { target, ratePerSecond, durationMs, connections, timeoutMs = timeouts.requestMs } = options;
  if (!Number.isInteger(ratePerSecond) || ratePerSecond < 1)
    throw new RangeError(`ratePerSecond is ${ratePerSecond}: k6 needs a whole number from 1 on`);
  if (!(durationMs >= 1000)) throw new RangeError(`durationMs is ${durationMs}: k6 needs at least 1000`);
  const settings = {
    urls: (options.paths ?? ['/']).map((path) => target.origin + target.basePath + path),
    headers: { ...target.headers, ...options.headers },
    ratePerSecond,
    durationMs: Math.round(durationMs),
    spareMs: timeouts.generatorStallMs, // for requests that are late at the end
    connections,
    timeoutMs,
    connectMs: timeouts.connectMs,
    // A VU only starts a request. After a stall, k6 starts all requests that are due at once, each in its own VU.
    vus: Math.min(mostVus, Math.max(10, Math.ceil((ratePerSecond * timeouts.generatorStallMs) / 1000))),
  };
  const zeroNs = process.hrtime.bigint() - BigInt(Math.round(clock.nowMs() * 1e6));
  return {
    MESHPROOF_LOAD: JSON.stringify(settings),
    MESHPROOF_CLOCK_ZERO_NS: String(zeroNs),
    MESHPROOF_KEEP: options.keep ?? (requestsOf(options) <= mostKept ? 'all' : 'notable'),
  };
}

/** One run of k6: its process, its stream and its failure. */
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
  #interrupted = false;
  /** The time of an interruption before all requests were sent. */
  #cutShortMs: number | undefined;
  readonly #clock: Clock;
  readonly #beganMs: number;
  #failure: Error | undefined;

  constructor(options: LoadOptions, variables: Readonly<Record<string, string>>, clock: Clock) {
    [this.#clock, this.#beganMs] = [clock, clock.nowMs()];
    const binary = options.binary ?? process.env[k6Variable];
    if (!binary)
      throw new Error(
        `The load cannot start: ${k6Variable} is not set. Use a meshproof command, which sets it, or build k6 from clusters/k6 with xk6.`,
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
      (error: unknown) => this.#fail(`k6 does not start (${binary})`, error),
    );
  }

  /** Ends the load. k6 waits for the answers to requests under way. */
  interrupt(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    if (!this.stream.sent) this.#cutShortMs = this.#clock.nowMs();
    this.process.interrupt();
  }

  /** @throws Error with the reason why this load cannot be judged. */
  throwFailure(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Waits for the end of an interrupted load and returns its summary. Throws if the load cannot be judged. */
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
    if (!end) throw this.#error('k6 ended without a summary');
    this.#refuse(end);
    return end;
  }

  /** Ends k6 at once. */
  async dispose(): Promise<void> {
    this.process.kill();
    await this.#exit;
  }

  #refuse({ dropped, unfinished, lateMs, requests }: StreamEnd): void {
    if (dropped > 0)
      throw this.#busy(`k6 dropped ${dropped} of ${requests + dropped} requests: it could not keep the rate`);
    if (this.#cutShortMs === undefined && requests < this.#due)
      throw this.#error(`k6 sent only ${requests} of ${this.#due} requests`);
    const stoodMs = (this.#cutShortMs ?? 0) - Math.max(this.stream.lastDueMs, this.#beganMs);
    if (stoodMs > timeouts.generatorStallMs + this.#intervalMs)
      throw this.#busy(`k6 sent nothing for the last ${Math.round(stoodMs)} ms: this machine is too busy`);
    if (unfinished > 0) throw this.#error(`${unfinished} requests do not have an outcome`);
    if (lateMs > timeouts.generatorStallMs)
      throw this.#busy(
        `k6 sent a request ${Math.round(lateMs)} ms after it was due, at most ${timeouts.generatorStallMs} ms may pass: this machine is too busy`,
      );
  }

  #read(line: string): void {
    if (this.#failure) return;
    try {
      this.stream.push(line);
    } catch (error) {
      this.#fail('the output of k6 is invalid', error);
      this.process.kill();
    }
    if (this.stream.sent) this.#allSent();
  }

  #ended(exit: K6Exit): K6Exit {
    if (!endedWell(exit, this.#interrupted, this.stream.end !== undefined)) {
      const how = exit.signal ? `by ${exit.signal}` : `with status ${exit.code}`;
      this.#fail(`k6 ended ${how}. Its last output:\n${exit.log || '(nothing)'}`);
    }
    this.#allSent();
    return exit;
  }

  #fail(why: string, cause?: unknown): undefined {
    this.#failure ??= this.#error(why, cause);
    this.#allSent();
  }

  #error(why: string, cause?: unknown): Error {
    return new Error(this.#failed(why), { cause });
  }

  #busy(why: string): MachineBusy {
    return new MachineBusy(this.#failed(why));
  }

  #failed(why: string): string {
    return `Recording ${this.#what} failed: ${why}`;
  }
}
