import { timeouts } from '../base/timeouts.ts';
import { heal, reportRefused } from '../chaos/heal/heal.ts';
import { loadMeshFile } from '../config/load.ts';
import { attach, type Mesh, type MeshCluster } from '../mesh/attach.ts';
import { waitUntilReady } from '../mesh/readiness.ts';

async function unreachable(cluster: MeshCluster): Promise<string | undefined> {
  const limit = new Promise<never>((_, reject) => {
    setTimeout(
      () => reject(new Error(`no answer within ${timeouts.apiMs / 1000} s`)),
      timeouts.apiMs,
    ).unref();
  });
  try {
    await Promise.race([cluster.api.core.listNamespace({ limit: 1 }), limit]);
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    const code = (error as NodeJS.ErrnoException).code ?? (cause as NodeJS.ErrnoException | undefined)?.code;
    return `cluster ${cluster.name} does not answer (${cluster.api.config.getCurrentCluster()?.server ?? 'no server'}: ${code ?? message.split('\n')[0]})`;
  }
}

/** Heals leftovers of earlier runs, and prints each healed leftover and each one that stays. @returns the error if healing failed. */
async function healLeftovers(mesh: Mesh): Promise<unknown> {
  try {
    const say = (line: string): void => console.error(`leftover of an earlier run, ${line}`);
    for (const line of await heal(mesh, { say, refused: reportRefused })) say(`healed: ${line}`);
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Checks that every API server of a mesh answers. Leftovers of killed runs are healed first, because they may prevent an answer. Then
 * waits until the mesh is ready, or stays as it is.
 *
 * @returns whether the mesh became ready in time; promises about readiness itself can be judged without that.
 * @throws Error with all reasons why the mesh cannot be judged.
 */
export async function preflight(meshFilePath: string): Promise<boolean> {
  await using mesh = attach(loadMeshFile(meshFilePath));
  const notHealed = await healLeftovers(mesh);
  const problems = (await Promise.all(mesh.clusters.map(unreachable))).filter(
    (problem) => problem !== undefined,
  );
  if (problems.length > 0) throw new Error(`The mesh cannot be judged: ${problems.join('; ')}.`);
  if (notHealed !== undefined)
    throw new Error(
      'The mesh cannot be judged: leftovers of an earlier run cannot be healed. Run `meshproof heal`.',
      {
        cause: notHealed,
      },
    );
  try {
    await waitUntilReady(mesh, { unchangedMs: timeouts.notReadyMs });
    return true;
  } catch (error) {
    console.error(
      `${String(error)}\nThe run goes on: promises that disturb the mesh need a ready mesh, the others are judged.`,
    );
    return false;
  }
}
