import { z } from 'zod';
import { explained } from '../kube/failure-words.ts';
import type { Missing, Snapshot, Source } from './schema.ts';

/** The parts of one cluster that could not be read. Reading continues with the other parts. */
export class Gaps {
  readonly list: Missing[] = [];

  /** Notes that a part is not complete. */
  note(gap: Missing): void {
    this.list.push(gap);
  }

  /** The result of `read`. If it fails, notes the failure and returns `instead`. */
  async attempt<T>(what: Source, read: () => Promise<T>, instead: T, of?: string): Promise<T> {
    try {
      return await read();
    } catch (error) {
      this.list.push({ what, ...(of === undefined ? {} : { of }), ...explained(error) });
      return instead;
    }
  }

  /**
   * The record of each item, parsed by its shape. An item that cannot be recorded is noted and left out; the other items remain.
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
        const why = `the object has an unexpected shape: ${oddity(error)}`;
        this.list.push({ what, ...(of === undefined ? {} : { of }), reason: 'failed', why });
        return [];
      }
    });
  }
}

/** `namespace/name` of an object of Kubernetes, if it has both. */
export function objectName(item: unknown): string | undefined {
  const { namespace, name } =
    (item as { metadata?: Partial<Record<string, unknown>> } | null)?.metadata ?? {};
  if (typeof name !== 'string') return undefined;
  return typeof namespace === 'string' ? `${namespace}/${name}` : name;
}

/** The path of the unexpected value. The value may be a secret and is not quoted. */
function oddity(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : 'it cannot be read';
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'all of it'}: ${message}`)
    .join('; ');
}

/** The objects that an API server listed. Throws if its answer is not a list. */
export function itemsOf(answer: unknown): unknown[] {
  const items = (answer as { items?: unknown } | null)?.items;
  if (Array.isArray(items)) return items;
  throw new Error('the answer is not a list');
}

/**
 * The parts of a mesh that could not be read, one line each: the clusters that did not answer, and the parts that were refused, timed out
 * or had an unexpected shape. A part that a limit cut, or that cannot be read from here, is not listed.
 */
export function notRead({ clusters }: Pick<Snapshot, 'clusters'>): string[] {
  return clusters.flatMap(({ name, reachable, unreachable, missing }) =>
    reachable
      ? missing
          .filter(({ reason }) => reason !== 'limit' && reason !== 'noWay')
          .map(
            ({ what, of, why }) => `${name}: ${what}${of === undefined ? '' : ` (${of})`} not read: ${why}`,
          )
      : [`${name}: not reachable: ${unreachable ?? 'its API server did not answer'}`],
  );
}
