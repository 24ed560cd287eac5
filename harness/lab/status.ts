import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { inspect } from '../base/docker.ts';
import { loadMeshFile } from '../config/load.ts';
import { namePattern } from '../config/names.ts';
import { attach } from '../mesh/attach.ts';
import { findUnready } from '../mesh/readiness.ts';
import { labObjects } from './down.ts';
import type { Engine } from './engine.ts';
import { engineToSearch } from './lab-engine.ts';
import { names, type LabRef } from './lab.ts';
import { ForeignLab, refuseForeign } from './owner.ts';
import { labFolder, labMeshFile, stateRoot } from './paths.ts';

/** The state of a lab. */
export interface LabStatus {
  name: string;
  /** `ready`: just proven. `broken`: parts are missing, stopped or not ready. `absent`: the lab does not exist. */
  state: 'ready' | 'broken' | 'absent';
  /** A sentence for each problem; empty if the lab is ready. */
  problems: string[];
  containers: { name: string; state: string }[];
  /** The path of the mesh file, if it exists. */
  meshFile: string | undefined;
}

/** Names of the labs of this checkout. */
export async function knownLabs(): Promise<string[]> {
  const root = stateRoot();
  if (!existsSync(root)) return [];
  const entries = await readdir(root, { withFileTypes: true });
  // Meshes that are not labs have their folders in `.meshes`.
  return entries
    .filter((entry) => entry.isDirectory() && namePattern.test(entry.name))
    .map(({ name }) => name);
}

async function meshProblems(meshFile: string): Promise<string[]> {
  await using mesh = attach(loadMeshFile(meshFile));
  return await findUnready(mesh);
}

/** The problems that a check finds. If the check throws, its error is the problem. */
async function problemsOf(look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function foreignProblem(lab: LabRef): Promise<string | undefined> {
  try {
    await refuseForeign(lab);
    return undefined;
  } catch (error) {
    if (error instanceof ForeignLab) return error.message;
    throw error;
  }
}

const statesOf = (engine: Engine, containers: string[]): Promise<LabStatus['containers']> =>
  Promise.all(
    containers.sort().map(async (name) => ({
      name,
      state: (await inspect(engine, 'container', name, '{{.State.Status}}')) ?? 'gone',
    })),
  );

/**
 * Reads the state of a lab without changing it.
 *
 * @param faultsIn reads the faults in place in the mesh of a mesh file, a sentence for each.
 */
export async function statusOf(
  name: string,
  faultsIn: (meshFile: string) => Promise<string[]>,
): Promise<LabStatus> {
  const meshFile = existsSync(labMeshFile(name)) ? labMeshFile(name) : undefined;
  let engine: Engine | undefined;
  try {
    engine = await engineToSearch(name, false);
  } catch (error) {
    return { name, state: 'broken', problems: [(error as Error).message], containers: [], meshFile };
  }
  if (!engine)
    return {
      name,
      state: 'absent',
      problems: ['the Docker engine does not answer'],
      containers: [],
      meshFile,
    };
  const lab: LabRef = { name, folder: labFolder(name), engine };
  const foreign = await foreignProblem(lab);
  if (foreign) return { name, state: 'broken', problems: [foreign], containers: [], meshFile };
  const objects = await labObjects(lab);
  const containers = await statesOf(engine, objects.containers);
  if (containers.length + objects.networks.length === 0 && !meshFile)
    return { name, state: 'absent', problems: [], containers, meshFile };
  const problems = meshFile ? await problemsOf(() => faultsIn(meshFile)) : [];
  problems.push(
    ...containers
      .filter(({ state }) => state !== 'running')
      .map((each) => `container ${each.name} is ${each.state}`),
  );
  if (!containers.some((each) => each.name === names.link(name)))
    problems.push('the wide-area link is missing');
  if (!meshFile) problems.push('the lab was not finished: its mesh file is missing');
  if (problems.length === 0 && meshFile) problems.push(...(await problemsOf(() => meshProblems(meshFile))));
  return { name, state: problems.length === 0 ? 'ready' : 'broken', problems, containers, meshFile };
}
