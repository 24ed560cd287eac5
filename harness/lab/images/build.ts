import { chmod, copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../base/command.ts';
import { docker, inspect } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';
import { workFolder } from '../paths.ts';
import type { StepOptions } from '../step.ts';
import { goEnvironment } from './binaries.ts';
import { pins, recipeFolder } from './recipe.ts';

/** An image that is made by adding files to the base image. */
export interface ImageRecipe {
  /** Its name on the engine, in meshproof's repository, so that it does not replace an official image. */
  name: string;
  /** The names that a cluster uses; the image has these names inside a node. */
  wanted: string[];
  /** Source paths by the path in the image. */
  files: Record<string, string>;
  /** Further lines of its Dockerfile. */
  lines: string[];
}

export interface ImageOptions extends StepOptions {
  engine: Engine;
  /** Whether Debian packages that differ from debian.lock are an error. */
  locked?: boolean | undefined;
}

export const imageExists = async (engine: Engine, image: string): Promise<boolean> =>
  (await inspect(engine, 'image', image, '{{.Id}}')) !== undefined;

/** A folder inside a Go module of the recipe, such as kind's own node image files. */
export async function moduleFolder(name: string, path: string): Promise<string> {
  const module = pins.go[name]?.module ?? name;
  const options = { cwd: join(recipeFolder, 'go', name), env: goEnvironment };
  await run(['go', 'mod', 'download', module], options);
  return join(await run(['go', 'list', '-m', '-f', '{{.Dir}}', module], options), path);
}

/** Builds one image on top of the base image. */
export async function buildImage(
  base: string,
  recipe: ImageRecipe,
  { engine, signal }: ImageOptions,
): Promise<void> {
  const context = await workFolder('image');
  try {
    const copies = [];
    for (const [index, [path, source]] of Object.entries(recipe.files).entries()) {
      await copyFile(source, join(context, String(index)));
      await chmod(join(context, String(index)), path.endsWith('.json') ? 0o644 : 0o755);
      copies.push(`COPY ${index} ${path}`);
    }
    await writeFile(join(context, 'Dockerfile'), [`FROM ${base}`, ...copies, ...recipe.lines, ''].join('\n'));
    await docker(engine, ['build', '-q', '-t', recipe.name, context], { signal });
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
