/**
 * Somebody has changed an object after a fault changed it. The state before the fault is not restored, because it can
 * be older than the present one. Callers branch on this error: the rest is healed.
 */
export class ChangedSince extends Error {
  override readonly name = 'ChangedSince';

  /**
   * @param what the object and its cluster.
   * @param copy the place of the state before the fault.
   */
  constructor(what: string, copy: string) {
    super(
      `${what} was not restored: it is neither as before the fault nor as the fault left it, so somebody has changed it since. ` +
        `${copy} has the state before the fault. Restore what you need, delete that copy, and run \`meshproof heal\` again`,
    );
  }
}

/** Throws all changed objects in one error; does nothing without one. */
export function throwLeft(left: readonly ChangedSince[]): void {
  const [first, ...others] = left;
  if (!first) return;
  throw others.length === 0
    ? first
    : new Error(left.map(({ message }) => message).join('; '), { cause: first });
}
