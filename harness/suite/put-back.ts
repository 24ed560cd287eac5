import { throwTogether } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import type { ApplySession } from './apply-session.ts';
import type { FaultSession } from './fault-session.ts';

/** The most that {@link putBack} may take, milliseconds. */
export const putBackMs = (faults: Pick<FaultSession, 'healWithinMs'>): number =>
  timeouts.healMs + faults.healWithinMs + timeouts.healMs;

/**
 * Undoes what a test applied, then heals what it broke: a rule that ejects pods would keep the mesh from being as before. What
 * could not be undone because of a fault, such as an API server that did not answer, is tried again without it.
 *
 * @throws what is neither undone nor healed, when the rest was.
 */
export async function putBack(session: Pick<ApplySession, 'undo'>, faults: AsyncDisposable): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, timeouts.healMs);
  await Promise.race([session.undo().catch(() => undefined), limit.promise]);
  clearTimeout(timer);
  const failures: unknown[] = [];
  const attempt = (what: Promise<void>) => what.catch((error: unknown) => void failures.push(error));
  await attempt(Promise.resolve(faults[Symbol.asyncDispose]()));
  await attempt(session.undo());
  throwTogether(failures, 'The mesh is not as it was before the test');
}
