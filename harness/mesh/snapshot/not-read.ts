import type { Snapshot } from './schema.ts';

/**
 * What could not be read of a mesh, a line each, so that nothing follows from what was not found: a cluster that did not answer,
 * and parts that were refused, silent or odd. What is beyond a limit, or could not be looked at from here, is no part of it.
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
