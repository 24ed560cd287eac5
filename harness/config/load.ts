import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { checkMeshFile } from './mesh-file-checks.ts';
import { InvalidFile } from './invalid-file.ts';
import { type MeshFile, meshFileSchema, type PartialMesh, partialMeshSchema } from './mesh-file.ts';
import { type FileFormat, parseFile, readText } from './parse-file.ts';
import { checkTopology } from './topology-checks.ts';
import { type Topology, topologySchema } from './topology.ts';

const topologyFormat: FileFormat<typeof topologySchema> = {
  kind: 'Topology',
  schema: topologySchema,
  check: checkTopology,
  advice: 'a topology is wanted, such as clusters/topologies/west-east.yaml',
};

const meshFileFormat: FileFormat<typeof meshFileSchema> = {
  kind: 'Mesh',
  schema: meshFileSchema,
  check: checkMeshFile,
  advice: 'a mesh file is wanted: `meshproof up` writes one for a lab, `meshproof init` for another mesh',
};

const partialMeshFormat: FileFormat<typeof partialMeshSchema> = {
  ...meshFileFormat,
  schema: partialMeshSchema,
};

/** Parses a topology from text, defaults filled in. `file` is its name in messages. Throws InvalidFile. */
export function parseTopology(text: string, file: string): Topology {
  return parseFile(text, file, topologyFormat);
}

/** Reads a topology, defaults filled in. Throws InvalidFile, whose message lists every problem with its line. */
export function loadTopology(file: string): Topology {
  return parseTopology(readText(file, topologyFormat.advice), file);
}

/**
 * Parses a mesh file from text, defaults filled in. Paths in it (`kubeconfig`, `lab.topology`) become absolute: they
 * are relative to the folder of `file`, and `~/` is the home folder. Throws InvalidFile.
 */
export function parseMeshFile(text: string, file: string): MeshFile {
  try {
    return withAbsolutePaths(parseFile(text, file, meshFileFormat), file);
  } catch (error) {
    throw error instanceof InvalidFile && onlyLacksFields(text, file) ? withAdvice(error) : error;
  }
}

/** The same for a mesh file that may lack all fields but the clusters' contexts. Throws InvalidFile. */
export function parsePartialMesh(text: string, file: string): PartialMesh {
  return withAbsolutePaths(parseFile(text, file, partialMeshFormat), file);
}

function withAbsolutePaths<M extends PartialMesh>(mesh: M, file: string): M {
  const absolute = (to: string) =>
    to.startsWith('~/') ? path.join(homedir(), to.slice(2)) : path.resolve(path.dirname(file), to);
  for (const cluster of mesh.clusters)
    if (cluster.kubeconfig !== undefined) cluster.kubeconfig = absolute(cluster.kubeconfig);
  if (mesh.lab) mesh.lab.topology = absolute(mesh.lab.topology);
  return mesh;
}

function onlyLacksFields(text: string, file: string): boolean {
  try {
    return parsePartialMesh(text, file).clusters.length > 0;
  } catch {
    return false;
  }
}

const withAdvice = ({ file, problems, cause }: InvalidFile): InvalidFile => {
  const message = 'run `meshproof init`, which reads these fields from the clusters';
  return new InvalidFile(file, [...problems, { path: '', message }], { cause });
};

/** Reads a mesh file as {@link parseMeshFile} does. Throws InvalidFile, whose message lists every problem with its line. */
export function loadMeshFile(file: string): MeshFile {
  return parseMeshFile(readText(file, meshFileFormat.advice), file);
}

/** Reads a mesh file as {@link parsePartialMesh} does. Throws InvalidFile. */
export function loadPartialMesh(file: string): PartialMesh {
  return parsePartialMesh(readText(file, meshFileFormat.advice), file);
}

/** The mesh file, defaults filled in, if it has every field that a run needs. */
export const completeMesh = (mesh: PartialMesh): MeshFile | undefined => meshFileSchema.safeParse(mesh).data;

/** The JSON schema (draft 2020-12) of a topology file as it is written: fields with a default are optional. */
export function topologyJsonSchema(): object {
  return { title: 'meshproof topology', ...z.toJSONSchema(topologySchema, { io: 'input' }) };
}

/** The JSON schema (draft 2020-12) of a mesh file as it is written: fields with a default are optional. */
export function meshFileJsonSchema(): object {
  return { title: 'meshproof mesh file', ...z.toJSONSchema(partialMeshSchema, { io: 'input' }) };
}
