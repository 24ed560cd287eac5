import { setTimeout as delay } from 'node:timers/promises';
import { judge } from '../doctor/judge.ts';
import type { Cause } from '../doctor/finding.ts';
import { attach } from '../mesh/attach.ts';
import type { MeshFile } from '../mesh/mesh-file.ts';
import { waitUntilReady } from '../mesh/readiness.ts';
import { takeSnapshot } from '../take-snapshot.ts';
import { timeouts } from '../timeouts.ts';

/**
 * Waits until a mesh is healthy: the readiness gate passes, and the doctor knows no cause above info.
 *
 * @throws Error that says what keeps it from that, after `boundMs`.
 */
export async function awaitHealthy(file: MeshFile, boundMs: number, signal?: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + boundMs;
  await using mesh = attach(file);
  for (;;) {
    const leftMs = Math.max(0, deadlineMs - performance.now());
    await waitUntilReady(mesh, { timeoutMs: leftMs, ...(signal ? { signal } : {}) });
    const troubles = judge(await takeSnapshot(mesh)).causes.filter(isTrouble);
    if (troubles.length === 0) return;
    if (performance.now() > deadlineMs)
      throw new Error(
        `The doctor still names ${troubles.map(wordsOf).join('; ')} after ${boundMs / 1000} s.`,
      );
    await delay(timeouts.pollMs, undefined, signal ? { signal } : {});
  }
}

const isTrouble = ({ finding }: Cause): boolean => finding.severity !== 'info';

const wordsOf = ({ finding: { code, cause } }: Cause): string => `${code} (${cause.replace(/\.$/, '')})`;
