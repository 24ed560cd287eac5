/**
 * What a fault changed was changed by somebody else since, so that what was there before is not put back: it may be older than what is
 * there now. Callers branch on it: the rest is healed all the same.
 */
export class ChangedSince extends Error {
  override readonly name = 'ChangedSince';

  /**
   * @param what the object, and its cluster.
   * @param copy where it stands as it was before the fault.
   */
  constructor(what: string, copy: string) {
    super(
      `${what} is neither as a fault left it nor as it was before: somebody has changed it since, and it was left as it is. ` +
        `As it was before, it stands in ${copy}; make it as it should be, delete that, and run \`meshproof heal\` again`,
    );
  }
}

/** Throws what was left as it is, in one error; nothing where that is nothing. */
export function throwLeft(left: readonly ChangedSince[]): void {
  const [first, ...others] = left;
  if (!first) return;
  throw others.length === 0
    ? first
    : new Error(left.map(({ message }) => message).join('; '), { cause: first });
}
