import type { PromiseDefinition } from './promise.ts';

/** Names the promises that may disturb a mesh which is not a lab of ours: ids, separated by commas. */
export const allowVariable = 'MESHPROOF_ALLOW';

/**
 * Why a promise must not or cannot be tried on a mesh, or undefined when it may. A lab of ours may be disturbed; a mesh that
 * others use, only by promises that were allowed by name and do not need a lab.
 *
 * @param allowed ids as in {@link allowVariable}.
 */
export function disturbanceProblem(
  { id, disturbs, needsLab }: Pick<PromiseDefinition, 'id' | 'disturbs'> & { needsLab?: true | undefined },
  isLab: boolean,
  allowed = '',
): string | undefined {
  if (disturbs === 'nothing' || isLab) return undefined;
  if (needsLab)
    return `disturbs the ${disturbs} by the containers or keys of a lab of ours, which this mesh is not`;
  const ids = allowed.split(',').map((one) => one.trim());
  return ids.includes(id) ? undefined : `disturbs the ${disturbs}; allow it with --allow ${id}`;
}
