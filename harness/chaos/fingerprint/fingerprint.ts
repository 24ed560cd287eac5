import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import type { Mesh } from '../../mesh/attach.ts';
import { journalOf } from '../heal/journal.ts';
import { clusterTraits } from './fingerprint-cluster.ts';
import { labTraits } from './fingerprint-lab.ts';

/**
 * The state of a mesh, as far as faults change it: a sorted list of named traits. Values that change by themselves
 * are left out: names, addresses and ages of pods, counters. Secrets are hashed.
 */
export type Fingerprint = Readonly<Record<string, string>>;

/** Takes the fingerprint of a mesh. Throws when a part of it does not answer. */
async function takeFingerprint(mesh: Mesh): Promise<Fingerprint> {
  const parts = await whileWaiting(() =>
    Promise.all([
      ...mesh.clusters.map((cluster) => clusterTraits(mesh, cluster)),
      mesh.isLab ? labTraits(mesh) : Promise.resolve({}),
      journalTraits(mesh),
    ]),
  );
  const traits = parts.flatMap((part) => Object.entries(part));
  return Object.fromEntries(traits.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The fingerprint of a mesh at rest: two in a row are the same.
 *
 * @throws Error when the mesh does not come to rest in time.
 */
export async function settledFingerprint(mesh: Mesh, withinMs: number): Promise<Fingerprint> {
  let last: Fingerprint | undefined;
  const isSettled = async () => {
    const before = last;
    last = await takeFingerprint(mesh);
    return before !== undefined && differences(before, last).length === 0;
  };
  await waitUntil(isSettled, 'the mesh to come to rest', withinMs);
  return last ?? {};
}

async function journalTraits({ file }: Mesh): Promise<Record<string, string>> {
  const { entries, unreadable } = await journalOf(file).read();
  return { 'journal, faults': [...entries.map(({ fault }) => fault), ...unreadable].join(', ') || 'none' };
}

/** The differences of two fingerprints, a line each; empty if they are the same. Pure. */
export function differences(before: Fingerprint, after: Fingerprint): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]];
    if (was === is) return [];
    if (was === undefined) return [`${name}: is ${is}, was not there`];
    return [`${name}: ${is === undefined ? 'is gone' : `is ${is}`}, was ${was}`];
  });
}

/**
 * Waits until a mesh has an earlier fingerprint again: after healing, proxies need a while.
 *
 * @throws Error that lists the remaining differences.
 */
export async function awaitFingerprint(mesh: Mesh, before: Fingerprint, withinMs: number): Promise<void> {
  let left: string[] = [];
  const isSame = async () => {
    left = differences(before, await takeFingerprint(mesh));
    return left.length === 0;
  };
  try {
    await waitUntil(isSame, 'the mesh to be as before', withinMs);
  } catch (error) {
    throw new Error(`The mesh is not as before:\n${left.map((line) => `  - ${line}`).join('\n')}`, {
      cause: error,
    });
  }
}
