import { readFile } from 'node:fs/promises';
import { availableParallelism, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { parse } from 'yaml';
import type { MeshFile } from '../config/mesh-file.ts';
import { writeAtomically } from './files.ts';
import { meshSchema, reportSchema, type Report, type ReportMesh } from './schema.ts';

const { command, startedAt, versions, mesh, machine } = reportSchema.shape;

/** The shape of results/<run>/context.json, which the command line writes before a run. */
const contextSchema = z.strictObject({
  name: z.string().min(1).describe('Name of the run folder.'),
  command,
  startedAt,
  versions,
  mesh,
  machine,
});

export type RunContext = z.infer<typeof contextSchema>;

/** Writes context.json into an existing run folder. Throws a ZodError if the context does not fit its schema. */
export async function writeContext(runDir: string, context: RunContext): Promise<void> {
  const checked = contextSchema.parse(context);
  await writeAtomically(path.join(runDir, 'context.json'), `${JSON.stringify(checked, null, 2)}\n`);
}

/**
 * The context of a run. Without a context.json (you started Playwright by hand) it has the machine, and the mesh if the file
 * at `meshFilePath` is readable. Throws if context.json is invalid.
 */
export async function readContext(runDir: string, meshFilePath?: string): Promise<RunContext> {
  const file = path.join(runDir, 'context.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return byHand(runDir, meshFilePath);
  try {
    return contextSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(
      `Cannot read the run context ${file}: ${String(cause)}. Start the run with a meshproof command, which writes it.`,
      { cause },
    );
  }
}

/** The machine that meshproof runs on. */
export function describeMachine(): Report['machine'] {
  const os = `${type()} ${release()}`;
  return { cpus: availableParallelism(), memoryBytes: totalmem(), os, node: process.version };
}

/** The part of a mesh file that the report shows; `link` has the ports of the wide-area link of a lab. */
export function describeMesh(file: MeshFile, link: ReportMesh['link'] = []): ReportMesh {
  const { meshId, trustDomain, lab, services } = file;
  const clusters = file.clusters.map(({ name, role, network, region, zone, ingress, eastWestGateway }) => ({
    name,
    role,
    network,
    region,
    zone,
    ingress: ingress ?? null,
    eastWestGateway: eastWestGateway ? `${eastWestGateway.address}:${eastWestGateway.port}` : null,
  }));
  return meshSchema.parse({
    meshId,
    trustDomain,
    link,
    clusters,
    services,
    lab: lab?.name ?? null,
    images: lab?.images ?? null,
  });
}

async function byHand(runDir: string, meshFilePath: string | undefined): Promise<RunContext> {
  const text = meshFilePath ? await readFile(meshFilePath, 'utf8').catch(() => '') : '';
  return {
    name: path.basename(runDir),
    command: ['npx playwright', ...process.argv.slice(2)].join(' '),
    startedAt: new Date().toISOString(),
    versions: {},
    mesh: meshOrNull(text),
    machine: describeMachine(),
  };
}

/** The text is not validated as a mesh file. The mesh is null if it does not fit the report. */
function meshOrNull(text: string): ReportMesh | null {
  try {
    return describeMesh(parse(text) as MeshFile);
  } catch {
    return null;
  }
}
