import { CommandFailed } from '../../base/command.ts';
import { docker, inspect } from '../../base/docker.ts';
import { timeouts } from '../../base/timeouts.ts';
import { refuseFullDisk } from '../disk.ts';
import type { Engine } from '../engine.ts';
import type { StepOptions } from '../step.ts';
import { imageExists } from './build.ts';
import {
  digestIn,
  digestProblem,
  mirrorFrom,
  pullName,
  recordDigest,
  recordedDigests,
  recordFile,
  withoutDigest,
} from './mirror.ts';
import { pins } from './recipe.ts';
import { traitsOf, type LabImages } from './traits.ts';

const mirror = () => mirrorFrom(process.env['MESHPROOF_REGISTRY']);

/** Whether to accept images with another digest than the pinned one: a mirror that images were pushed to again, or `docker load`. */
const trustsImages = (): boolean => process.env['MESHPROOF_TRUST_IMAGES'] === '1';

/** The registry digests of an image on the engine; empty for an image that was never pulled. */
async function digestsOf(engine: Engine, name: string): Promise<string[]> {
  const printed = await inspect(engine, 'image', name, '{{json .RepoDigests}}');
  const found = JSON.parse(printed ?? '[]') as string[] | null;
  return (found ?? []).map((each) => each.slice(each.indexOf('@') + 1));
}

async function pull(engine: Engine, image: string, options: StepOptions): Promise<void> {
  await refuseFullDisk(engine, 'pull', options);
  const from = pullName(trustsImages() ? withoutDigest(image) : image, mirror());
  options.onLine?.(`pulling ${from}`);
  try {
    await docker(engine, ['pull', '-q', from], options);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    throw new Error(
      `Cannot pull ${from}. Set MESHPROOF_REGISTRY to a mirror that has this image, or use --images=packages. ` +
        'If the mirror has the image under another digest and you trust it, set MESHPROOF_TRUST_IMAGES=1.',
      { cause: error },
    );
  }
  await docker(engine, ['tag', from, withoutDigest(image)], options);
}

/** Pulls an image unless it is on the engine, and verifies its digest. Returns its name and notes for the user. */
async function ensurePulled(
  engine: Engine,
  image: string,
  options: StepOptions,
): Promise<{ name: string; notes: string[] }> {
  const name = withoutDigest(image);
  if (!(await imageExists(engine, name))) await pull(engine, image, options);
  const digests = await digestsOf(engine, name);
  const pinned = digestIn(image);
  const recorded = (await recordedDigests())[name];
  const digest = pinned ?? recorded ?? digests[0];
  if (digest === undefined)
    return { name, notes: [`${name} has no registry digest, so it cannot be verified`] };
  const problem = digestProblem(name, { digest, from: pinned ? 'pins.json' : recordFile() }, digests);
  if (problem !== undefined && trustsImages())
    return { name, notes: [`${problem} (MESHPROOF_TRUST_IMAGES)`] };
  if (problem !== undefined)
    throw new Error(
      `${problem}. Remove the image with \`docker image rm ${name}\`, or set MESHPROOF_TRUST_IMAGES=1 if you trust it.`,
    );
  if (pinned !== undefined) return { name, notes: [] };
  if (recorded === undefined) await recordDigest(name, digest);
  return { name, notes: [`${name} has no digest in pins.json; its first pull gave ${digest}`] };
}

/** Whether the registry of the images answers within a few seconds, or all images are on the engine. */
export async function registryAnswers(engine: Engine, options: StepOptions): Promise<boolean> {
  const pulled = Object.values(pins.registry).map((image) => imageExists(engine, withoutDigest(image)));
  if ((await Promise.all(pulled)).every(Boolean)) return true;
  const limit = AbortSignal.timeout(timeouts.apiMs);
  const insecure = mirror()?.insecure ? ['--insecure'] : [];
  const from = pullName(withoutDigest(pins.registry.pilot), mirror());
  try {
    await docker(engine, ['manifest', 'inspect', ...insecure, from], {
      signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit,
    });
    return true;
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}

/**
 * Pulls the official images, or finds them on the engine, and verifies their digests.
 *
 * @throws Error that names the image that cannot be pulled or has another digest, and what to do.
 */
export async function ensureImagesFromRegistry(engine: Engine, options: StepOptions): Promise<LabImages> {
  const node = await ensurePulled(engine, pins.registry.node, options);
  const pilot = await ensurePulled(engine, pins.registry.pilot, options);
  const proxy = await ensurePulled(engine, pins.registry.proxy, options);
  const istio = { hub: 'docker.io/istio', tag: pilot.name.slice(pilot.name.lastIndexOf(':') + 1) };
  const traits = await traitsOf(engine, node.name, proxy.name);
  return {
    source: 'registry',
    node: node.name,
    istio,
    load: [pilot.name, proxy.name],
    tools: node.name,
    notes: [...node.notes, ...pilot.notes, ...proxy.notes],
    ...traits,
  };
}
