import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheRoot } from '../paths.ts';

/** A registry that replaces the official registries of images. */
export interface Mirror {
  /** `host:port/path`, as in the name of an image. */
  address: string;
  /** Whether meshproof may reach it over plain HTTP. */
  insecure: boolean;
}

/**
 * Reads MESHPROOF_REGISTRY: `host:port/path`, which means HTTPS except on loopback, or with `http://` in front.
 *
 * @throws Error for any other form.
 */
export function mirrorFrom(value: string | undefined): Mirror | undefined {
  if (value === undefined || value === '') return undefined;
  const [, scheme, address] =
    /^(?:(https?):\/\/)?([a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9._-]+)*)\/?$/.exec(value) ?? [];
  if (address === undefined)
    throw new Error(
      `MESHPROOF_REGISTRY is not a registry: ${JSON.stringify(value)}. Set it to host:port/path, with http:// in front if the registry has no TLS.`,
    );
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+)(:|\/|$)/.test(address);
  return { address, insecure: scheme === 'http' || (scheme === undefined && loopback) };
}

/** The name of an image without its digest: the name that a cluster uses. */
export const withoutDigest = (image: string): string => image.replace(/@sha256:.*$/, '');

/** The digest in the name of an image, `sha256:…`. */
export const digestIn = (image: string): string | undefined => /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1];

/** The name that an image is pulled by: its own, or the same path, tag and digest on the mirror. */
export const pullName = (image: string, mirror: Mirror | undefined): string =>
  mirror === undefined ? image : `${mirror.address}/${image.slice(image.indexOf('/') + 1)}`;

/** The file with the digests of images that pins.json has no digest for. */
export const recordFile = (): string => join(cacheRoot(), 'registry-digests.json');

/**
 * The digests that images without a pinned digest had when they were first pulled, by their name with a tag.
 *
 * @throws Error if the file is damaged.
 */
export async function recordedDigests(): Promise<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(await readFile(recordFile(), 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`Cannot read the recorded digests in ${recordFile()}. Delete the file.`, {
      cause: error,
    });
  }
}

/** Records the digest that an image has now. */
export async function recordDigest(image: string, digest: string): Promise<void> {
  const recorded = { ...(await recordedDigests()), [image]: digest };
  await mkdir(cacheRoot(), { recursive: true });
  const unfinished = `${recordFile()}.${process.pid}`;
  await writeFile(unfinished, `${JSON.stringify(recorded, undefined, 2)}\n`);
  await rename(unfinished, recordFile());
}

/**
 * Compares the digests of an image on the engine with the wanted one.
 *
 * @returns What is wrong, or undefined if the image is the wanted one.
 */
export function digestProblem(
  image: string,
  wanted: { digest: string; from: string },
  digests: readonly string[],
): string | undefined {
  if (digests.includes(wanted.digest)) return undefined;
  const found = digests.length === 0 ? 'no registry digest' : digests.join(' and ');
  return `${image} on the engine has ${found}, and ${wanted.from} has ${wanted.digest}`;
}
