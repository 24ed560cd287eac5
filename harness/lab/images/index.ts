import { docker } from '../../base/docker.ts';
import { sweepUnfinished } from '../cache.ts';
import type { Engine } from '../engine.ts';
import type { StepOptions } from '../step.ts';
import { debianDifferences } from './base.ts';
import { ensureBinaries, type Binaries } from './binaries.ts';
import { imageExists, type ImageOptions } from './build.ts';
import { withoutDigest } from './mirror.ts';
import { nodeImageName } from './node-image.ts';
import { ensureImagesFromPackages } from './packages.ts';
import { pins } from './recipe.ts';
import { ensureImagesFromRegistry, registryAnswers } from './registry.ts';
import type { LabImages } from './traits.ts';

export type ImageSource = 'auto' | 'registry' | 'packages';

/** kind and istioctl: `up` needs both for any source of images. */
export const ensureTools = (options: StepOptions): Promise<Binaries> =>
  ensureBinaries(['kind', 'istio'], options);

/**
 * The images of a lab: pulled if a registry answers, made from packages otherwise, or from the given source.
 *
 * @throws Error that says what failed and what to do.
 */
export async function ensureImages(
  source: ImageSource,
  engine: Engine,
  options: Omit<ImageOptions, 'engine'>,
): Promise<LabImages> {
  await sweepUnfinished();
  const built = source !== 'registry' && (await imageExists(engine, await nodeImageName()));
  if (source === 'packages' || built) return ensureImagesFromPackages({ engine, ...options });
  if (source === 'registry' || (await registryAnswers(engine, options)))
    return ensureImagesFromRegistry(engine, options);
  return ensureImagesFromPackages({ engine, ...options });
}

/** An image for labs on the engine. */
export interface ListedImage {
  name: string;
  size: string;
  /** Whether `up` would use it now. */
  current: boolean;
  /** The Debian packages in it that differ from debian.lock. */
  debianDifferences: string[];
}

/** The images for labs on the engine. */
export async function listImages(engine: Engine): Promise<ListedImage[]> {
  const current = [await nodeImageName(), withoutDigest(pins.registry.node)];
  const printed = await docker(engine, ['images', '--format', '{{.Repository}}:{{.Tag}} {{.Size}}']);
  const ours = printed.split('\n').filter((line) => /^(meshproof\/|.*kindest\/node|.*istio\/)/.test(line));
  return Promise.all(
    ours.map(async (line) => {
      const [name = '', size = ''] = line.split(' ');
      return {
        name,
        size,
        current: current.some((image) => image.endsWith(name)),
        debianDifferences: await debianDifferences(engine, name),
      };
    }),
  );
}
