import { timeouts } from '../base/timeouts.ts';
import { heal, reportRefused } from '../chaos/heal/heal.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import { attach } from '../mesh/attach.ts';
import type { Defect } from './defect.ts';
import { awaitHealthy } from './healthy.ts';
import { judgeDoctor, judgePromises, type Place } from './judge-defect.ts';
import { placeOf } from './defect-builders.ts';
import type { Healthy, SelftestRow, TriedPromise } from './report/schema.ts';
import { rounded, tryDefect, type Bench, type DefectRecording } from './try-defect.ts';

/** Callbacks for the progress of a self-test. */
export interface SelftestProgress {
  onHealthy: (healthy: Healthy) => Promise<void>;
  onStart: (defect: Defect) => void;
  onRow: (row: SelftestRow) => Promise<void>;
}

/**
 * Breaks a healthy mesh with each defect in turn, and judges which findings and promises report it. The mesh is healthy again between
 * two defects.
 *
 * @returns the reason if it ended before every defect was tried.
 * @throws Error if the mesh is not healthy at the start.
 */
export async function runSelftest(
  defects: readonly Defect[],
  bench: Bench,
  progress: SelftestProgress,
): Promise<string | undefined> {
  const healthy = await observeHealthy(defects, bench);
  await progress.onHealthy(healthy);
  for (const defect of defects) {
    if (bench.signal.aborted) return 'It was interrupted.';
    progress.onStart(defect);
    const beganMs = performance.now();
    const recording = await tryDefect(defect, bench);
    const backMs = performance.now();
    const { trouble, lost } = await becomeHealthy(bench.file, recording);
    const seconds = {
      ...recording.seconds,
      healthy: rounded(performance.now() - backMs),
      all: rounded(performance.now() - beganMs),
    };
    if (bench.signal.aborted && recording.trouble && !lost) return 'It was interrupted.';
    const place = placeOf(defect, bench.file);
    await progress.onRow(rowOf(defect, recording, { promises: healthy.promises, place, trouble, seconds }));
    if (lost !== undefined)
      return `The mesh did not become healthy after ${defect.id}: ${lost} Run \`meshproof heal\`.`;
  }
  return undefined;
}

async function observeHealthy(defects: readonly Defect[], bench: Bench): Promise<Healthy> {
  const beganMs = performance.now();
  try {
    await awaitHealthy(bench.file, timeouts.healthyMs, bench.signal);
  } catch (error) {
    bench.signal.throwIfAborted();
    throw new Error('The self-test cannot start: the mesh is not healthy.', { cause: error });
  }
  const ids = [...new Set(defects.flatMap(({ promises }) => promises))].sort();
  const promises = ids.length > 0 ? await bench.tryPromises(ids, 'healthy') : [];
  bench.signal.throwIfAborted();
  const istioctl = (await bench.istioctl?.learn(bench.signal)) ?? null;
  return { promises, istioctl, seconds: rounded(performance.now() - beganMs) };
}

/**
 * Waits until the mesh is healthy after a defect. If it does not become healthy, heals the journal and all marks as `meshproof heal`
 * does, so that the next defect can be tried. The row keeps its trouble.
 */
async function becomeHealthy(
  file: MeshFile,
  { unhealed }: DefectRecording,
): Promise<{ trouble?: string; lost?: string }> {
  let trouble = unhealed === undefined ? undefined : `The heal failed: ${wordsOf(unhealed)}`;
  if (trouble === undefined)
    try {
      await awaitHealthy(file, timeouts.healthyMs);
      return {};
    } catch (error) {
      trouble = `The mesh did not become healthy again: ${wordsOf(error)}`;
    }
  try {
    await using mesh = attach(file);
    await heal(mesh, { refused: reportRefused });
    await awaitHealthy(file, timeouts.healthyMs);
    return { trouble };
  } catch (error) {
    return { trouble, lost: wordsOf(error) };
  }
}

/** A row from what was recorded. Pure. */
export function rowOf(
  defect: Defect,
  recording: DefectRecording,
  of: {
    promises: readonly TriedPromise[];
    place?: Place;
    trouble?: string | undefined;
    seconds: SelftestRow['seconds'];
  },
): SelftestRow {
  const { id, title, family, cause, silent, findings, promises } = defect;
  const where = of.place?.cluster === undefined ? {} : { where: of.place };
  const { breakages, causes, istioctl } = recording;
  const tried = recording.trouble === undefined && causes !== null;
  return {
    ...{ id, title, family, cause, silent },
    expected: { findings: [...findings], ...where, promises: [...promises] },
    ...verdictOf(defect, recording, of.place, of.trouble),
    ...{ breakages, causes, istioctl, seconds: of.seconds },
    promises: tried ? judgePromises(promises, of.promises, recording.promises) : [],
  };
}

function verdictOf(
  defect: Defect,
  { trouble, causes }: DefectRecording,
  place: Place | undefined,
  afterwards: string | undefined,
): Pick<SelftestRow, 'verdict' | 'reason'> {
  const after = afterwards === undefined ? '' : ` ${afterwards}`;
  if (trouble?.unavailable) return { verdict: 'skipped', reason: `${wordsOf(trouble.error)}${after}` };
  if (trouble) return { verdict: 'error', reason: `${wordsOf(trouble.error)}${after}` };
  if (causes === null) return { verdict: 'error', reason: `The doctor did not run.${after}` };
  const judged = judgeDoctor(defect.findings, causes, place);
  if (afterwards === undefined) return judged;
  return {
    verdict: 'error',
    reason: `${afterwards} Before that, the doctor: ${judged.verdict}: ${judged.reason}`,
  };
}

/** An error and its causes in one line, as sentences. */
function wordsOf(error: unknown): string {
  const parts: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) parts.push(each.message.trim());
  return parts.length > 0 ? parts.join(' ') : String(error);
}
