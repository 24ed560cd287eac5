/** A monotonic clock that starts at zero. All times of a timeline are on one clock. */
export interface Clock {
  /** Wall-clock time of zero, ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds since zero, with fractions. */
  nowMs(): number;
}

/** Starts a clock now. */
export function startClock(): Clock {
  const zero = performance.now();
  return {
    startedAt: new Date(performance.timeOrigin + zero).toISOString(),
    nowMs: () => performance.now() - zero,
  };
}

/** The clock of this process, for requests outside a recording. */
export const processClock: Clock = {
  startedAt: new Date(performance.timeOrigin).toISOString(),
  nowMs: () => performance.now(),
};
