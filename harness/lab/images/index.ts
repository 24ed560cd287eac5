import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sweepUnfinished } from '../cache.ts';
import { docker } from '../docker.ts';
import type { Engine } from '../engine.ts';
import type { StepOptions } from '../step.ts';
import { cacheRoot } from '../paths.ts';
import { ensureBinaries, type Binaries } from './binaries.ts';
import { imageExists } from './build.ts';
import { nodeImageName } from './node-image.ts';
import { ensureImagesFromPackages } from './packages.ts';
import type { LabImages } from './traits.ts';
import { pins } from './recipe.ts';
import { ensureImagesFromRegistry, registryAnswers, withoutDigest } from './registry.ts';

export type ImageSource = 'auto' | 'registry' | 'packages';

/** What building the images takes at its peak, and what two clusters write while they run. */
const neededBytes = { build: 12 * 2 ** 30, run: 4 * 2 ** 30 };

async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return freeBytes(dirname(path));
  }
}

/** @throws Error when the disk of the cache has less than the work ahead takes. */
async function refuseFullDisk(needed: number): Promise<void> {
  const free = await freeBytes(cacheRoot);
  if (free < needed) {
    const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw new Error(
      `${cacheRoot} has ${gib(free)} free, and ${gib(needed)} are needed. Free some, or point MESHPROOF_CACHE at another disk.`,
    );
  }
}

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
  await refuseFullDisk(built ? neededBytes.run : neededBytes.build);
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
