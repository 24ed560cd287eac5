import type { Snapshot } from './schema.ts';

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
