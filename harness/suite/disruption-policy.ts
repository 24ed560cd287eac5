import type { PromiseDefinition } from './promise.ts';

/** Environment variable with the ids of promises that may disturb a mesh that is not a lab, separated by commas. */
export const allowVariable = 'MESHPROOF_ALLOW';

/**
 * The reason why a promise may not disturb a mesh; undefined if it may. All promises may disturb a lab. On other meshes, a promise has to
 * be allowed by its id, and must not need a lab.
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
    return `disturbs the ${disturbs} through containers or keys of a meshproof lab; this mesh is not a lab`;
  const ids = allowed.split(',').map((id) => id.trim());
  return ids.includes(id) ? undefined : `disturbs the ${disturbs}; allow it with --allow ${id}`;
}
