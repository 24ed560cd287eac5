import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../paths.ts';

/** The folder with everything that the images are made from: versions, Go modules, files that are copied into an image. */
export const recipeFolder = join(projectRoot, 'clusters/images');
const pinsFile = join(recipeFolder, 'pins.json');

const pinsSchema = z.strictObject({
  go: z.record(
    z.string(),
    z.strictObject({
      module: z.string(),
      packages: z.record(z.string(), z.string()),
      stamp: z.record(z.string(), z.string()),
      tags: z.array(z.string()),
    }),
  ),
  envoy: z.strictObject({
    package: z.string(),
    version: z.string(),
    sha256: z.record(z.string(), z.string()),
  }),
  debian: z.strictObject({ suite: z.string(), packages: z.array(z.string()) }),
  registry: z.strictObject({ node: z.string(), pilot: z.string(), proxy: z.string() }),
});
export type Pins = z.infer<typeof pinsSchema>;
export type GoPin = Pins['go'][string];

/** The parts to build, and their versions. */
export const pins: Pins = pinsSchema.parse(JSON.parse(readFileSync(pinsFile, 'utf8')));

/** The version that a binary built from packages reports, from the stamps of its module. */
export const versions = {
  kubernetes: pins.go['kubernetes']?.stamp['k8s.io/component-base/version.gitVersion'] ?? 'unknown',
  istio: pins.go['istio']?.stamp['istio.io/istio/pkg/version.buildVersion'] ?? 'unknown',
  envoy: pins.envoy.version,
};

/** The first 12 hexadecimal digits of a hash over texts; the order counts. */
export function digest(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 12);
}

/** The absolute paths of all files below a folder, sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

/** A hash over files: their paths in the checkout and their contents. */
export async function digestFiles(files: readonly string[]): Promise<string> {
  const parts = files.map(async (file) => [relative(projectRoot, file), await readFile(file, 'utf8')]);
  return digest(...(await Promise.all(parts)).flat());
}

/**
 * The version of the code in this folder. Raise it when a change of the code changes the content of an image. The names of images
 * depend on this number and on the files in clusters/images, not on the text of the code.
 */
export const recipeVersion = 1;

/** A hash over everything that determines the content of the images, except the compiler and the processor. */
export async function recipeKey(): Promise<string> {
  const { go, envoy, debian } = pins; // not `registry`: official images are pulled, not made
  const files = (await filesBelow(recipeFolder)).filter((file) => file !== pinsFile);
  return digest(String(recipeVersion), JSON.stringify({ go, envoy, debian }), await digestFiles(files));
}
