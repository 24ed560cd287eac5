/**
 * Like `Promise.all`, but waits for all before it throws the first failure: what changes a mesh side by side is never left running
 * behind whoever undoes it.
 */
export async function settleAll<T>(tasks: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(tasks);
  return settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

/** Throws what failed, several as one that quotes them; does nothing when nothing did. */
export function throwTogether(failures: readonly unknown[], what: string): void {
  if (failures.length > 1) throw new AggregateError(failures, `${what}: ${failures.map(String).join('; ')}`);
  if (failures.length === 1) throw failures[0];
}
