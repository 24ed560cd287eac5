import { timeouts } from '../../harness/base/timeouts.ts';

/**
 * Exits a moment from now, if the process has not ended by itself. A half-open connection to a frozen server would keep it
 * alive for minutes.
 */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), timeouts.settleMs).unref();
}
