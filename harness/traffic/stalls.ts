import { availableParallelism } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readIfThere } from '../base/read-if-there.ts';
import { timeouts } from '../base/timeouts.ts';

/** The grain in which the event loop's delay is measured. */
const loopResolutionMs = 10;
/** How often it is noted what the thread and the machine have done, to tell of a stall what it was. */
const accountMs = 100;

/**
 * How long this process stood still while it recorded: what it did not send, or did not read, in that time says nothing of the
 * mesh. Seen by how late requests are sent, and by the event loop, which also tells of a stall while only answers are awaited.
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

  /** A request was sent so late, or was that late when the load was ended before it was sent. */
  note(lateMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  /** What comes later does not count any more. */
  end(): void {
    if (!this.#loop.disable()) return; // it has ended before
    this.#account();
    clearInterval(this.#timer);
  }

  /** The longest in milliseconds. Throws where that makes the recording no evidence. */
  refuse(): number {
    // Each sample of the loop's delay includes the pause until the sample is due.
    const stoodMs = Math.max(this.#lateMs, this.#loop.max / 1e6 - loopResolutionMs);
    if (stoodMs <= timeouts.generatorStallMs) return stoodMs;
    throw new Error(
      `Could not record: this process stood still for ${Math.round(stoodMs)} ms${inWords(this.#longest)}, at most ${timeouts.generatorStallMs} ms may pass, so there is no evidence to judge: this machine is too busy.`,
    );
  }

  #account(): void {
    const now = accountNow();
    const spent = since(this.#last, now);
    if (spent.tookMs > this.#longest.tookMs) this.#longest = spent;
    this.#last = now;
  }
}

/** What a time was spent on, in milliseconds. */
interface Account {
  tookMs: number;
  /** This thread ran. */
  ranMs: number;
  /** This thread was ready to run, and others ran. */
  waitedMs: number;
  /** The hypervisor did not run a processor of this machine, on the average of all. */
  stolenMs: number;
}

/**
 * What was done until now, each since some begin: the kernel's accounts, NaN where a system has none
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

/** "in 1,800 ms it ran for 40 ms, …", to tell a busy process from a busy machine and from a slow disk; empty where nothing is known. */
function inWords({ tookMs, ranMs, waitedMs, stolenMs }: Account): string {
  if (Number.isNaN(ranMs)) return '';
  const [took, ran, waited, stolen] = [tookMs, ranMs, waitedMs, stolenMs].map(Math.round);
  return ` (of the longest ${took} ms it ran for ${ran}, and was ready to run and was not run for ${waited}; this machine's processors were not run by their host for ${stolen})`;
}
