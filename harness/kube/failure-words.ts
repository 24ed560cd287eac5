import { NoCredential, Refused, TimedOut } from './kube-reader.ts';

/** The reason why a read failed, and the messages of the error and its causes in one line. */
export interface Failure {
  /** forbidden: the account lacks the right. noWay: no credential. unreachable, timeout: no answer. failed: anything else. */
  reason: 'forbidden' | 'unreachable' | 'timeout' | 'noWay' | 'failed';
  why: string;
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

/** The reason why a read failed, as a snapshot records it. */
export function explained(error: unknown): Failure {
  const why = messagesOf(error);
  if (error instanceof Refused) {
    const denied = error.status === 401 || error.status === 403;
    return { reason: denied ? 'forbidden' : 'failed', why };
  }
  if (error instanceof NoCredential) return { reason: 'noWay', why };
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
