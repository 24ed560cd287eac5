import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { namePattern } from '../../harness/config/names.ts';
import { labFolder, labMeshFile, projectRoot } from '../../harness/lab/paths.ts';
import { WrongUse } from './outcome.ts';

/** The projects of playwright.config.ts. */
export const projects = ['core', 'chaos'] as const;
export type Project = (typeof projects)[number];

/** The options that several commands share. */
export interface LabOptions {
  name: string;
  topology: string;
  images: 'auto' | 'registry' | 'packages';
  keep?: boolean;
  json?: boolean;
  verbose?: boolean;
}

function labName(value: string): string {
  if (value.length <= 20 && namePattern.test(value)) return value;
  throw new InvalidArgumentError(
    'Use 1 to 20 lower-case letters, digits and dashes, and start with a letter.',
  );
}

const defaultTopology = join(projectRoot, 'clusters/topologies/west-east.yaml');

export const options = {
  name: () =>
    new Option('--name <lab>', 'name of the lab; labs with different names can run at the same time')
      .argParser(labName)
      .default('lab'),
  topology: () =>
    new Option('--topology <file>', 'topology to create the lab from')
      .argParser((file: string) => resolve(file))
      .default(defaultTopology, 'west-east'),
  images: () =>
    new Option('--images <source>', 'source of the images')
      .choices(['auto', 'registry', 'packages'])
      .default('auto'),
  keep: (what: string) => new Option('--keep', what),
  json: () => new Option('--json', 'print the result as JSON on standard output'),
  verbose: () => new Option('--verbose', 'show stack traces, and plain lines instead of a live tree'),
  mesh: () =>
    new Option('--mesh <file>', 'mesh file to use (default: the mesh file of the lab)').argParser(
      (file: string) => resolve(file),
    ),
  ownMesh: () =>
    new Option('--mesh <file>', 'mesh file with the clusters and the pods of each service')
      .argParser((file: string) => resolve(file))
      .makeOptionMandatory(),
  allowDisruption: () =>
    new Option(
      '--allow-disruption <context...>',
      'kubeconfig contexts that meshproof may disrupt (exact names; required unless meshproof created the mesh)',
    ),
  project: () =>
    new Option(
      '--project <name...>',
      'promises to judge: core for every mesh, chaos for faults under load (default: both)',
    ).choices(projects),
  allow: () =>
    new Option(
      '--allow <promise...>',
      'promises that may disrupt a mesh that meshproof did not create, such as GWY-01',
    ).argParser(addPromiseId),
};

/** `GWY-01` and the like. */
export const isPromiseId = (name: string): boolean => /^[A-Z]{3}-\d{2}$/.test(name);

/** Collects ids of promises, for commander. */
export function addPromiseId(id: string, all: readonly string[] = []): string[] {
  if (!isPromiseId(id)) throw new InvalidArgumentError('Promises are named like GWY-01.');
  return [...all, id];
}

/** Adds options to a command. */
export const withOptions = (command: Command, ...all: Option[]): Command =>
  all.reduce((each, option) => each.addOption(option), command);

/** The command that heals the same mesh. */
export const healCommand = ({ name, mesh }: { name: string; mesh?: string | undefined }): string =>
  `meshproof heal ${mesh === undefined ? `--name ${name}` : `--mesh ${mesh}`}`;

/** The mesh file that you name, or the mesh file of the lab. */
export function meshFileFor(name: string, given: string | undefined): string {
  const file = given ?? labMeshFile(name);
  if (existsSync(file)) return file;
  if (given !== undefined) throw new WrongUse(`Mesh file ${file} does not exist.`);
  throw new WrongUse(
    `Lab "${name}" does not exist (${labFolder(name)} does not have a mesh file). Make it with \`meshproof up --name ${name}\`.`,
  );
}
