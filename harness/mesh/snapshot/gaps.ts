import { Refused, TimedOut } from './kube-reader.ts';
import type { Missing, Source } from './schema.ts';

/** What could not be read of one cluster, noted as it happens, so that reading goes on with the rest. */
export class Gaps {
  readonly list: Missing[] = [];

  /** Notes that a part is not complete. */
  note(gap: Missing): void {
    this.list.push(gap);
  }

  /** What `read` gives; where it fails, that is noted and `instead` is given. */
  async attempt<T>(what: Source, read: () => Promise<T>, instead: T, of?: string): Promise<T> {
    try {
      return await read();
    } catch (error) {
      this.list.push({ what, ...(of === undefined ? {} : { of }), ...explained(error) });
      return instead;
    }
  }
}

const unreachableCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Why something could not be read, as a snapshot says it. */
export function explained(error: unknown): Pick<Missing, 'reason' | 'why'> {
  const why = messagesOf(error);
  if (error instanceof Refused) {
    const denied = error.status === 401 || error.status === 403;
    return { reason: denied ? 'forbidden' : 'failed', why };
  }
  if (error instanceof TimedOut || (error instanceof Error && error.name === 'TimeoutError'))
    return { reason: 'timeout', why };
  return { reason: unreachableCodes.has(codeOf(error)) ? 'unreachable' : 'failed', why };
}

function codeOf(error: unknown): string {
  for (let each = error; each instanceof Error; each = each.cause)
    if ('code' in each && typeof each.code === 'string') return each.code;
  return '';
}

function messagesOf(error: unknown): string {
  const messages: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) {
    // Node joins the failures of several addresses in an error without a message.
    const code = 'code' in each && typeof each.code === 'string' ? each.code : '';
    const message = (each.message || code || each.name).slice(0, 400);
    if (!messages.some((one) => one.includes(message))) messages.push(message);
  }
  return messages.length > 0 ? messages.join(': ') : String(error).slice(0, 400);
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
