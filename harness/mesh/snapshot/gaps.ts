import { z } from 'zod';
import { TimedOut } from './deadline.ts';
import { NoCredential, Refused } from './kube-reader.ts';
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

  /**
   * The record of each item, as its shape says. An item of which none can be made, or one that does not fit, is noted and left
   * out: it takes nothing else with it.
   */
  records<I, S extends z.ZodType>(
    what: Source,
    items: readonly I[],
    shape: S,
    make: (item: I) => unknown,
    nameOf: (item: I) => string | undefined = objectName,
  ): z.output<S>[] {
    return items.flatMap((item) => {
      try {
        return [shape.parse(make(item))];
      } catch (error) {
        const of = nameOf(item);
        const why = `it is not as such objects are: ${oddity(error)}`;
        this.list.push({ what, ...(of === undefined ? {} : { of }), reason: 'failed', why });
        return [];
      }
    });
  }
}

/** `namespace/name` of an object of Kubernetes, where it says so. */
export function objectName(item: unknown): string | undefined {
  const { namespace, name } =
    (item as { metadata?: Partial<Record<string, unknown>> } | null)?.metadata ?? {};
  if (typeof name !== 'string') return undefined;
  return typeof namespace === 'string' ? `${namespace}/${name}` : name;
}

/** Where it is odd; never what stands there, which may be a secret. */
function oddity(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : 'it cannot be read';
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`)
    .join('; ');
}

/** The objects that an API server listed. Throws where its answer is no list. */
export function itemsOf(answer: unknown): unknown[] {
  const items = (answer as { items?: unknown } | null)?.items;
  if (Array.isArray(items)) return items;
  throw new Error('the answer is no list');
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
