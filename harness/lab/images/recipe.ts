import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../paths.ts';

/** The folder that holds all that the images are made from. */
export const recipeFolder = join(projectRoot, 'clusters/images');

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

/** What is built, and of which versions. */
export const pins: Pins = pinsSchema.parse(JSON.parse(readFileSync(join(recipeFolder, 'pins.json'), 'utf8')));

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

/** A hash over every file below some folders: names and contents. */
export async function digestFolders(...folders: string[]): Promise<string> {
  const parts: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) parts.push(relative(projectRoot, file), await readFile(file, 'utf8'));
  }
  return digest(...parts);
}
