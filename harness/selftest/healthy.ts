import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Cause } from '../doctor/finding.ts';
import { judge } from '../doctor/judge.ts';
import { attach } from '../mesh/attach.ts';
import { waitUntilReady } from '../mesh/readiness.ts';
import { notRead } from '../snapshot/gaps.ts';
import type { Snapshot } from '../snapshot/schema.ts';
import { takeSnapshot } from '../snapshot/take-snapshot.ts';

/**
 * Waits until a mesh is healthy: the readiness gate passes, and the doctor reads every part and finds no cause above info.
 *
 * @throws Error with the findings or the unread parts, after `boundMs`.
 */
export async function awaitHealthy(file: MeshFile, boundMs: number, signal?: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + boundMs;
  await using mesh = attach(file);
  for (;;) {
    const leftMs = Math.max(0, deadlineMs - performance.now());
    await waitUntilReady(mesh, { timeoutMs: leftMs, ...(signal ? { signal } : {}) });
    const trouble = troubleIn(await takeSnapshot(mesh));
    if (trouble === undefined) return;
    if (performance.now() > deadlineMs) throw new Error(`${trouble} after ${boundMs / 1000} s.`);
    await delay(timeouts.pollMs, undefined, signal ? { signal } : {});
  }
}

/** The reason that a mesh is not healthy; undefined if every part was read and no finding is above info. Pure. */
export function troubleIn(snapshot: Snapshot): string | undefined {
  const troubles = judge(snapshot).causes.filter(isTrouble);
  if (troubles.length > 0) return `The doctor still reports ${troubles.map(wordsOf).join('; ')}`;
  const unread = notRead(snapshot);
  return unread.length > 0 ? `The doctor still cannot read ${unread.join('; ')}` : undefined;
}

const isTrouble = ({ finding }: Cause): boolean => finding.severity !== 'info';

const wordsOf = ({ finding: { code, cause } }: Cause): string => `${code} (${cause.replace(/\.$/, '')})`;
