import { z } from 'zod';
import { explained } from '../kube/failure-words.ts';
import type { Missing, Snapshot, Source } from './schema.ts';

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
