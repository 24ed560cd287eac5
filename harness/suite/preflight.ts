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

/** Heals what an earlier run left behind, and warns of what it leaves alone; returns why that failed, if it did. */
async function healLeft(mesh: Mesh): Promise<unknown> {
  try {
    const say = (line: string): void => console.error(`left by an earlier run, ${line}`);
    for (const line of await heal(mesh, { say, refused: reportRefused })) say(`healed: ${line}`);
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Looks whether a mesh can be judged at all: every API server answers. What an earlier run left behind, because it was
 * killed, is healed before: it may be what keeps one from answering. Then the mesh is given time to become ready.
 *
 * @returns whether it did: promises about what the gate waits for can be judged all the same.
 * @throws Error with the one reason why it cannot be judged.
 */
export async function preflight(meshFilePath: string): Promise<boolean> {
  await using mesh = attach(loadMeshFile(meshFilePath));
  const notHealed = await healLeft(mesh);
  const problems = (await Promise.all(mesh.clusters.map(unreachable))).filter(
    (problem) => problem !== undefined,
  );
  if (problems.length > 0) throw new Error(`The mesh could not be judged: ${problems.join('; ')}.`);
  if (notHealed !== undefined)
    throw new Error('The mesh could not be judged: what an earlier run left could not be healed.', {
      cause: notHealed,
    });
  try {
    await waitUntilReady(mesh);
    return true;
  } catch (error) {
    console.error(String(error));
    return false;
  }
}
