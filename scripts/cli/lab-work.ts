import { isAlive } from '../../harness/base/process-start.ts';
import { heal, reportRefused, type HealOptions } from '../../harness/chaos/heal/heal.ts';
import { journalOf } from '../../harness/chaos/heal/journal.ts';
import { loadMeshFile, loadTopology } from '../../harness/config/load.ts';
import { stateFolder } from '../../harness/config/state.ts';
import { labObjects, removeLab, type Removed } from '../../harness/lab/down.ts';
import { engineToSearch } from '../../harness/lab/lab-engine.ts';
import { takeLock, type Lock } from '../../harness/lab/lock.ts';
import { ForeignLab, refuseForeign } from '../../harness/lab/owner.ts';
import { labFolder, labMeshFile } from '../../harness/lab/paths.ts';
import { unsupported } from '../../harness/lab/supported.ts';
import { upSteps } from '../../harness/lab/up.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { waitUntilReady } from '../../harness/mesh/readiness.ts';
import { healCommand, type LabOptions } from './options.ts';
import { WrongUse } from './outcome.ts';
import { runSteps } from './steps.ts';

/** Whether the engine has objects of a lab. Throws ForeignLab if another checkout made them. */
async function stands(name: string): Promise<boolean> {
  const engine = await engineToSearch(name);
  if (!engine) return false;
  const lab = { name, folder: labFolder(name), engine };
  const [{ networks, containers }] = await Promise.all([labObjects(lab), refuseForeign(lab)]);
  return networks.length + containers.length > 0;
}

/** Takes the right to work on a lab, whether it stands or not. */
export const lockLab = (name: string): Promise<Lock> => takeLock(labFolder(name), 'lab');

/** Takes the right to work on the mesh of a mesh file: on the lab that it belongs to, or, on this machine, on one of someone's own. */
export function lockMesh(meshFile: string): Promise<Lock> {
  const file = loadMeshFile(meshFile);
  return takeLock(stateFolder(file), file.lab ? 'lab' : 'mesh');
}

/** Removes a lab, from whatever state it is in; with `force` also one that another checkout made. Not interrupted by Ctrl-C. */
export async function remove(name: string, options: { force?: boolean } = {}): Promise<Removed> {
  const engine = await engineToSearch(name);
  if (!engine)
    throw new Error(
      'The objects of the lab cannot be listed: a Docker engine does not answer. Start it (`meshproof engine start`) and try again.',
    );
  return removeLab({ name, folder: labFolder(name), engine }, options);
}

/** Heals what a killed run left in the mesh of a mesh file; see {@link heal}. Marks that are left alone are reported on standard error. */
export async function healFile(meshFile: string, options: Partial<HealOptions> = {}): Promise<string[]> {
  await using mesh = attach(loadMeshFile(meshFile));
  return await heal(mesh, { refused: reportRefused, ...options }); // awaited: the mesh is closed when this returns
}

/** The faults in the journal of a mesh, a sentence each, with the command that heals them. */
export async function faultsIn(meshFile: string): Promise<string[]> {
  const file = loadMeshFile(meshFile);
  const { entries, unreadable } = await journalOf(file).read();
  const remedy = `run \`${healCommand(file.lab ?? { name: file.meshId, mesh: meshFile })}\``;
  return [
    ...entries.map(({ fault, startedAt, pid }) =>
      isAlive(pid)
        ? `process ${pid} has a fault in place: ${fault}, since ${startedAt}`
        : `process ${pid} was killed and left a fault in place: ${fault}, since ${startedAt}; ${remedy}`,
    ),
    ...unreadable.map((name) => `the journal has a file that is not an entry, ${name}; ${remedy}`),
  ];
}

async function awaitReadiness(
  meshFile: string,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await using mesh = attach(loadMeshFile(meshFile));
  await waitUntilReady(mesh, { onProgress: report, signal });
}

/**
 * Makes a lab or brings it back, showing progress. One that did not stand before is removed again when this fails or is
 * interrupted, unless it is to be kept.
 *
 * @returns whether anything of the lab stood before.
 */
export async function bringUp(
  options: LabOptions,
  signal: AbortSignal,
): Promise<{ stoodBefore: boolean; meshFile: string }> {
  const topology = loadTopology(options.topology);
  const refused = unsupported(topology);
  if (refused.length > 0) throw new WrongUse(`${options.topology} cannot be made: ${refused.join('; ')}.`);
  const stoodBefore = await stands(options.name);
  await using _lock = await lockLab(options.name);
  const steps = upSteps({
    name: options.name,
    topology,
    topologyPath: options.topology,
    images: options.images,
    signal,
    heal: healFile,
    awaitReadiness: (file, report) => awaitReadiness(file, report, signal),
  });
  try {
    await runSteps(steps, { plain: options.verbose ?? false });
  } catch (error) {
    const isNew = !stoodBefore && !(error instanceof ForeignLab); // another checkout made it meanwhile
    if (!options.keep && isNew && (await engineToSearch(options.name))) {
      console.error(`Removing the unfinished lab "${options.name}" (--keep leaves it).`);
      await remove(options.name);
    }
    throw error;
  }
  return { stoodBefore, meshFile: labMeshFile(options.name) };
}
