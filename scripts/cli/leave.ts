import { timeouts } from '../../harness/base/timeouts.ts';

/**
 * Ends the process with its exit code a moment from now, if it has not ended by itself: a connection that is half open to
 * a server which is frozen or gone would hold it for minutes, and nobody waits for its answer any more.
 */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), timeouts.settleMs).unref();
}
