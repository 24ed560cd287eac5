import { timeouts } from '../../timeouts.ts';
import { CommandFailed } from '../command.ts';
import { refuseFullDisk } from '../disk.ts';
import { docker } from '../docker.ts';
import type { Engine } from '../engine.ts';
import type { StepOptions } from '../step.ts';
import { imageExists } from './build.ts';
import { traitsOf, type LabImages } from './traits.ts';
import { pins } from './recipe.ts';

/** A mirror to pull from instead of the images' own registries, such as `127.0.0.1:5000`: MESHPROOF_REGISTRY. */
const mirror = process.env['MESHPROOF_REGISTRY'];

/**
 * Where an image is pulled from: its own registry, or the same path and tag on the mirror. Whoever names a mirror
 * vouches for it: images pushed anew have other digests.
 */
export function pullName(image: string, from: string | undefined): string {
  return from === undefined ? image : `${from}/${withoutDigest(image).slice(image.indexOf('/') + 1)}`;
}

/** The name without a digest: what an image can be tagged with, and what a cluster asks for. */
export const withoutDigest = (image: string): string => image.replace(/@sha256:.*$/, '');

async function pull(engine: Engine, image: string, options: StepOptions): Promise<string> {
  const name = withoutDigest(image);
  if (await imageExists(engine, name)) return name;
  await refuseFullDisk(engine, 'pull', options);
  const from = pullName(image, mirror);
  options.onLine?.(`pulling ${from}`);
  try {
    await docker(engine, ['pull', '-q', from], options);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(
      `Cannot pull ${from}. Point MESHPROOF_REGISTRY at a mirror that has it, or use --images=packages to make the images here.`,
      { cause: error },
    );
  }
  await docker(engine, ['tag', from, name], options);
  return name;
}

/** Whether the registry of the images answers within a few seconds, or all have been pulled from it before. */
export async function registryAnswers(engine: Engine, options: StepOptions): Promise<boolean> {
  const pulled = Object.values(pins.registry).map((image) => imageExists(engine, withoutDigest(image)));
  if ((await Promise.all(pulled)).every(Boolean)) return true;
  const limit = AbortSignal.timeout(timeouts.apiMs);
  try {
    await docker(
      engine,
      ['manifest', 'inspect', ...(mirror ? ['--insecure'] : []), pullName(pins.registry.pilot, mirror)],
      {
        signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
      },
    );
    return true;
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}

/**
 * Pulls the official images, or finds them pulled.
 *
 * @throws Error that names the image that cannot be pulled, and the ways out.
 */
export async function ensureImagesFromRegistry(engine: Engine, options: StepOptions): Promise<LabImages> {
  const node = await pull(engine, pins.registry.node, options);
  const pilot = await pull(engine, pins.registry.pilot, options);
  const proxy = await pull(engine, pins.registry.proxy, options);
  const tag = pilot.slice(pilot.lastIndexOf(':') + 1);
  const istio = { hub: 'docker.io/istio', tag };
  const traits = await traitsOf(engine, node, proxy);
  return { source: 'registry', node, istio, load: [pilot, proxy], tools: node, ...traits };
}
