import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { docker } from '../base/docker.ts';
import type { Engine } from './engine.ts';
import { cacheRoot } from './paths.ts';
import type { StepOptions } from './step.ts';

const gib = 2 ** 30;

/**
 * The peak use of each kind of work, in the cache and in Docker's folder for images and volumes. Measured: building all images
 * takes 12 GiB in total. A node's volume begins as a copy of its images.
 */
const peakUse = {
  build: { cache: 6 * gib, docker: 6 * gib },
  pull: { cache: 0, docker: 2 * gib },
  cluster: { cache: 0, docker: 2 * gib },
} as const;

/** A folder that the work writes to, and its disk. */
export interface Need {
  path: string;
  neededBytes: number;
  /** The number of the disk: the needs of one disk add up. */
  device: number;
  freeBytes: number;
}

/** The first disk with too little space, in words, or undefined if all have enough. */
export function shortage(needs: readonly Need[]): string | undefined {
  for (const { device, freeBytes } of needs) {
    const together = needs.filter((need) => need.device === device && need.neededBytes > 0);
    const neededBytes = together.reduce((sum, need) => sum + need.neededBytes, 0);
    if (freeBytes >= neededBytes) continue;
    const paths = together.map(({ path }) => path).join(' and ');
    return `The disk of ${paths} has ${inGib(freeBytes)} free, but ${inGib(neededBytes)} are needed.`;
  }
  return undefined;
}

const inGib = (bytes: number): string => `${(bytes / gib).toFixed(1)} GiB`;

/** The disk of a folder, or of its nearest existing parent. */
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
 * Checks the disks before work that needs space. A lab that already runs needs no more space.
 *
 * @throws Error that names the disk with too little space, and what to do.
 */
export async function refuseFullDisk(
  engine: Engine,
  work: keyof typeof peakUse,
  { signal }: StepOptions,
  look = diskOf,
): Promise<void> {
  const dockerRoot = await docker(engine, ['info', '--format', '{{.DockerRootDir}}'], { signal });
  const { cache, docker: inDocker } = peakUse[work];
  const cacheFolder = cacheRoot();
  const needs = [
    { path: cacheFolder, neededBytes: cache, ...(await look(cacheFolder)) },
    { path: dockerRoot, neededBytes: inDocker, ...(await look(dockerRoot)) },
  ];
  const short = shortage(needs);
  if (short !== undefined)
    throw new Error(
      `${short} Free some space, or move the folders: MESHPROOF_CACHE sets the cache, and Docker's data-root sets its folder.`,
    );
}
