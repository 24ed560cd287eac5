import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { checkMeshFile } from './mesh-file-checks.ts';
import { type MeshFile, meshFileSchema } from './mesh-file.ts';
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
  advice: 'a mesh file is wanted: `meshproof up` writes one for a lab, for another mesh write it by hand',
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
  const mesh = parseFile(text, file, meshFileFormat);
  const absolute = (to: string) =>
    to.startsWith('~/') ? path.join(homedir(), to.slice(2)) : path.resolve(path.dirname(file), to);
  for (const cluster of mesh.clusters)
    if (cluster.kubeconfig !== undefined) cluster.kubeconfig = absolute(cluster.kubeconfig);
  if (mesh.lab) mesh.lab.topology = absolute(mesh.lab.topology);
  return mesh;
}

/** Reads a mesh file as {@link parseMeshFile} does. Throws InvalidFile, whose message lists every problem with its line. */
export function loadMeshFile(file: string): MeshFile {
  return parseMeshFile(readText(file, meshFileFormat.advice), file);
}

/** The JSON schema (draft 2020-12) of a topology file as it is written: fields with a default are optional. */
export function topologyJsonSchema(): object {
  return { title: 'meshproof topology', ...z.toJSONSchema(topologySchema, { io: 'input' }) };
}

/** The JSON schema (draft 2020-12) of a mesh file as it is written: fields with a default are optional. */
export function meshFileJsonSchema(): object {
  return { title: 'meshproof mesh file', ...z.toJSONSchema(meshFileSchema, { io: 'input' }) };
}
