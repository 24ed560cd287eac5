import { sweepUnfinished } from '../cache.ts';
import { docker } from '../docker.ts';
import type { Engine } from '../engine.ts';
import type { StepOptions } from '../step.ts';
import { ensureBinaries, type Binaries } from './binaries.ts';
import { imageExists } from './build.ts';
import { nodeImageName } from './node-image.ts';
import { ensureImagesFromPackages } from './packages.ts';
import type { LabImages } from './traits.ts';
import { pins } from './recipe.ts';
import { ensureImagesFromRegistry, registryAnswers, withoutDigest } from './registry.ts';

export type ImageSource = 'auto' | 'registry' | 'packages';

/** kind and istioctl, which the lab is made with whatever the images' source. */
export const ensureTools = (options: StepOptions): Promise<Binaries> =>
  ensureBinaries(['kind', 'istio'], options);

/**
 * The images of a lab: pulled where a registry answers, made from packages otherwise, or as told.
 *
 * @throws Error that says what failed and what to do.
 */
export async function ensureImages(
  source: ImageSource,
  engine: Engine,
  options: StepOptions,
): Promise<LabImages> {
  await sweepUnfinished();
  const built = source !== 'registry' && (await imageExists(engine, await nodeImageName()));
  if (source === 'packages' || built) return ensureImagesFromPackages({ engine, ...options });
  if (source === 'registry' || (await registryAnswers(engine, options)))
    return ensureImagesFromRegistry(engine, options);
  return ensureImagesFromPackages({ engine, ...options });
}

/** The images on the engine that labs are made from; `current`: what `up` would use now. */
export async function listImages(
  engine: Engine,
): Promise<{ name: string; size: string; current: boolean }[]> {
  const current = [await nodeImageName(), withoutDigest(pins.registry.node)];
  const printed = await docker(engine, ['images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}']);
  const ours = printed.split('\n').filter((line) => /^(meshproof\/|.*kindest\/node|.*istio\/)/.test(line));
  return ours.map((line) => {
    const [name = '', size = ''] = line.split(' ');
    return { name, size, current: current.some((image) => image.endsWith(name)) };
  });
}
