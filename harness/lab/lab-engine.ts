import { readFile, writeFile } from 'node:fs/promises';
import { inside } from '../base/folders.ts';
import { engineAt, ensureEngine, findEngine, privateEndpoint, type Engine } from './engine.ts';
import { labFolder } from './paths.ts';

const file = (lab: string): string => inside(labFolder(lab), 'engine');

/** Notes which engine a lab stands on: it must not be looked for, or taken for gone, on another. */
export const rememberEngine = (lab: string, engine: Engine): Promise<void> =>
  writeFile(file(lab), engine.endpoint);

/**
 * The engine that a lab stands on, or undefined for a lab that stands nowhere yet. The private engine is started when it
 * is the one, and stopped, and may be started.
 *
 * @throws Error when that engine does not answer.
 */
export async function engineOf(lab: string, mayStart = true): Promise<Engine | undefined> {
  const endpoint = await rememberedEngine(lab);
  if (endpoint === undefined) return undefined;
  const engine =
    (await engineAt(endpoint)) ??
    (mayStart && endpoint === privateEndpoint() ? await ensureEngine() : undefined);
  if (engine?.endpoint === endpoint) return engine;
  throw new Error(
    `Lab "${lab}" stands on the Docker engine at ${endpoint}, which does not answer. Start it, or remove ${labFolder(lab)} if it is gone for good.`,
  );
}

/** The endpoint of the engine that a lab stands on; undefined if none is noted. */
async function rememberedEngine(lab: string): Promise<string | undefined> {
  try {
    return await readFile(file(lab), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error; // a lab on an engine that cannot be read is not a lab that stands nowhere
  }
}

/** The engine to look for a lab on: the one it is known to stand on, or else the one that would be used now. */
export const engineToSearch = async (lab: string, mayStart = true): Promise<Engine | undefined> =>
  (await engineOf(lab, mayStart)) ?? (await findEngine());
