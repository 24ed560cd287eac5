import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { docker } from '../base/docker.ts';
import type { Engine } from './engine.ts';
import { cacheRoot } from './paths.ts';
import type { StepOptions } from './step.ts';

const gib = 2 ** 30;

/**
 * What work ahead takes at its peak, in the cache and where Docker keeps its images and volumes: building all images was seen to
 * take 12 GiB in all; a node's volume begins as a copy of its images.
 */
const taken = {
  build: { cache: 6 * gib, docker: 6 * gib },
  pull: { cache: 0, docker: 2 * gib },
  cluster: { cache: 0, docker: 2 * gib },
} as const;

/** A folder that work ahead writes to, and the disk that it is on. */
export interface Need {
  path: string;
  neededBytes: number;
  /** The number of the disk: what goes to one disk adds up. */
  device: number;
  freeBytes: number;
}

/** What is short, in words, or undefined where there is room for all. */
export function shortage(needs: readonly Need[]): string | undefined {
  for (const { device, freeBytes } of needs) {
    const together = needs.filter((need) => need.device === device && need.neededBytes > 0);
    const neededBytes = together.reduce((sum, need) => sum + need.neededBytes, 0);
    if (freeBytes >= neededBytes) continue;
    const paths = together.map(({ path }) => path).join(' and ');
    return `The disk of ${paths} has ${inGib(freeBytes)} free, and ${inGib(neededBytes)} are needed.`;
  }
  return undefined;
}

const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`;

/** The disk of a folder, or of the nearest one above it that is there. */
export async function diskOf(path: string): Promise<Pick<Need, 'device' | 'freeBytes'>> {
  try {
    const [{ dev }, { bavail, bsize }] = await Promise.all([stat(path), statfs(path)]);
    return { device: dev, freeBytes: bavail * bsize };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return diskOf(dirname(path));
  }
}

/**
 * Asked before something is made, and only then: a lab that stands needs no more room.
 *
 * @throws Error that says which disk has less than the work takes, and what to do.
 */
export async function refuseFullDisk(
  engine: Engine,
  work: keyof typeof taken,
  { signal }: StepOptions,
  look = diskOf,
): Promise<void> {
  const dockerRoot = await docker(engine, ['info', '--format', '{{.DockerRootDir}}'], { signal });
  const { cache, docker: inDocker } = taken[work];
  const cacheFolder = cacheRoot();
  const needs = [
    { path: cacheFolder, neededBytes: cache, ...(await look(cacheFolder)) },
    { path: dockerRoot, neededBytes: inDocker, ...(await look(dockerRoot)) },
  ];
  const short = shortage(needs);
  if (short !== undefined)
    throw new Error(
      `${short} Free some, or move them: MESHPROOF_CACHE names the cache, data-root Docker's own.`,
    );
}
