import packageJson from '../../package.json' with { type: 'json' };
import type { Mesh } from '../mesh/attach.ts';
import { collectSnapshot, type CollectOptions } from './collect.ts';
import { openMeshProber } from './mesh-prober.ts';
import type { Snapshot } from './schema.ts';

/** Takes a snapshot for the doctor, with connections from inside the mesh; see {@link collectSnapshot}. */
export async function takeSnapshot(
  mesh: Mesh,
  options: Pick<CollectOptions, 'undeclared' | 'onProgress'> = {},
): Promise<Snapshot> {
  await using prober = openMeshProber();
  // Awaited here: the prober is closed when this function ends.
  return await collectSnapshot(mesh, { ...options, meshproof: packageJson.version, prober: prober.probe });
}
