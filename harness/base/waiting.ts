/** A stretch of wall-clock time, in milliseconds since the epoch. */
export type Interval = [startMs: number, endMs: number];

/** The time spent waiting for the mesh since the last {@link startWaitingAccount}. */
export interface Waiting {
  /** Time during which at least one wait was under way. */
  waitingMs: number;
  /** The same time on the wall clock, in order; pauses shorter than {@link negligiblePauseMs} are closed. */
  intervals: Interval[];
}

/** Closing shorter pauses keeps the intervals few; `waitingMs` stays exact. */
export const negligiblePauseMs = 20;

let underWay = 0;
let openedAtMs = 0;
let account: Waiting = { waitingMs: 0, intervals: [] };

const nowMs = () => performance.timeOrigin + performance.now();

/**
 * Runs `wait` and books the time until it settles as waiting for the mesh: convergence, pods, answers, declared
 * delays. Waits that overlap are booked once. Returns or throws what `wait` does.
 */
export async function whileWaiting<T>(wait: () => Promise<T>): Promise<T> {
  if (underWay++ === 0) openedAtMs = nowMs();
  try {
    return await wait();
  } finally {
    if (--underWay === 0) book(account, [openedAtMs, nowMs()]);
  }
}

/** Starts at zero; a wait that is under way counts from now on. */
export function startWaitingAccount(): void {
  account = { waitingMs: 0, intervals: [] };
  openedAtMs = nowMs();
}

/** The account so far, a wait that is under way included. */
export function waitingAccount(): Waiting {
  const copy: Waiting = {
    waitingMs: account.waitingMs,
    intervals: account.intervals.map(([s, e]) => [s, e]),
  };
  if (underWay > 0) book(copy, [openedAtMs, nowMs()]);
  return copy;
}

/** How many milliseconds the intervals cover together, overlaps counted once. */
export function unionMs(intervals: readonly Interval[]): number {
  let covered = 0;
  let reachedMs = -Infinity;
  for (const [startMs, endMs] of intervals.toSorted((a, b) => a[0] - b[0])) {
    covered += Math.max(0, endMs - Math.max(startMs, reachedMs));
    reachedMs = Math.max(reachedMs, endMs);
  }
  return covered;
}

function book(into: Waiting, interval: Interval): void {
  into.waitingMs += interval[1] - interval[0];
  const last = into.intervals.at(-1);
  if (last && interval[0] - last[1] < negligiblePauseMs) last[1] = interval[1];
  else into.intervals.push(interval);
}
