/** No answer within the deadline. */
export class TimedOut extends Error {
  constructor(what: string, deadlineMs: number, cause?: unknown) {
    super(`${what}: no answer within ${deadlineMs} ms`, { cause });
  }
}

/** `work`, or {@link TimedOut} when it has not ended within `ms`; the work itself is left to end by itself. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TimedOut(what, ms)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
