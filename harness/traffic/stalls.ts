import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { MachineBusy } from '../base/machine-busy.ts';
import { readIfThere } from '../base/read-if-there.ts';
import { timeouts } from '../base/timeouts.ts';

/** The resolution of the measured delay of the event loop. */
const loopResolutionMs = 10;
/** The interval between two readings of the processor times, which explain a stall. */
const accountMs = 100;

/**
 * Measures how long this process stood still during a recording: requests that it did not send or read in that time do not
 * describe the mesh. Two sources: the delay of requests, and the event loop, which also stalls while answers are awaited.
 */
export class Stalls {
  readonly #loop = monitorEventLoopDelay({ resolution: loopResolutionMs });
  readonly #timer = setInterval(() => this.#account(), accountMs).unref();
  #lateMs = 0;
  #last = accountNow();
  #longest: Account = since(this.#last, this.#last);

  constructor() {
    this.#loop.enable();
  }

  /** Records the delay of a request that was sent late, or was late when the load ended. */
  note(lateMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  /** Ends the measurement. */
  end(): void {
    if (!this.#loop.disable()) return; // already ended
    this.#account();
    clearInterval(this.#timer);
  }

  /** The longest stall in milliseconds. Throws MachineBusy if the recording cannot be judged because of it. */
  refuse(): number {
    // Each sample of the delay includes the interval up to the sample.
    const stoodMs = Math.max(this.#lateMs, this.#loop.max / 1e6 - loopResolutionMs);
    if (stoodMs <= timeouts.generatorStallMs) return stoodMs;
    throw new MachineBusy(
      `The recording failed: this process stood still for ${Math.round(stoodMs)} ms, at most ${timeouts.generatorStallMs} ms are allowed.${explained(this.#longest)} Run again when the machine is less busy.`,
    );
  }

  #account(): void {
    const now = accountNow();
    const spent = since(this.#last, now);
    if (spent.tookMs > this.#longest.tookMs) this.#longest = spent;
    this.#last = now;
  }
}

/** The processor times within an interval, in milliseconds. */
interface Account {
  tookMs: number;
  /** This thread ran. */
  ranMs: number;
  /** This thread was ready, but other threads ran. */
  waitedMs: number;
  /** The hypervisor did not run the processors of this machine (average of all). */
  stolenMs: number;
}

/**
 * Reads the counters of the kernel; NaN if the system does not have them
 * (https://docs.kernel.org/scheduler/sched-stats.html; `steal` in proc_stat(5)).
 */
function accountNow(): Account {
  const [ranNs = NaN, waitedNs = NaN] = numbersIn('/proc/thread-self/schedstat', /.*/);
  const stolenTicks = numbersIn('/proc/stat', /(?<=^cpu +).*/)[7] ?? NaN;
  return {
    tookMs: performance.now(),
    ranMs: ranNs / 1e6,
    waitedMs: waitedNs / 1e6,
    stolenMs: (stolenTicks * tickMs) / availableParallelism(),
  };
}

/** A tick of /proc/stat: USER_HZ is 100 on each Linux (https://man7.org/linux/man-pages/man7/time.7.html). */
const tickMs = 10;

const numbersIn = (file: string, part: RegExp): number[] =>
  part
    .exec(readIfThere(file) ?? '')?.[0]
    .split(' ')
    .map(Number) ?? [];

const since = (from: Account, to: Account): Account => ({
  tookMs: to.tookMs - from.tookMs,
  ranMs: to.ranMs - from.ranMs,
  waitedMs: to.waitedMs - from.waitedMs,
  stolenMs: to.stolenMs - from.stolenMs,
});

/** Separates a busy process from a busy machine and from a slow disk. Empty if the system does not have the counters. */
function explained({ tookMs, ranMs, waitedMs, stolenMs }: Account): string {
  if (Number.isNaN(ranMs)) return '';
  const [took, ran, waited, stolen] = [tookMs, ranMs, waitedMs, stolenMs].map(Math.round);
  return ` In the longest stall, ${took} ms, it ran for ${ran} ms and waited for a processor for ${waited} ms; the host took ${stolen} ms of each processor.`;
}
