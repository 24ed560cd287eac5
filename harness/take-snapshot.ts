import packageJson from '../package.json' with { type: 'json' };
import type { Mesh } from './mesh/attach.ts';
import { collectSnapshot } from './mesh/snapshot/collect.ts';
import type { Snapshot } from './mesh/snapshot/schema.ts';
import { openMeshProber } from './traffic/mesh-prober.ts';

/** All that the doctor needs of a mesh, with connections tried from inside; see {@link collectSnapshot}. */
export async function takeSnapshot(mesh: Mesh): Promise<Snapshot> {
  await using prober = openMeshProber();
  // Awaited here: the prober is closed when this function ends.
  return await collectSnapshot(mesh, { meshproof: packageJson.version, prober: prober.probe });
}
