import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { FaultUnavailable } from '../chaos/fault.ts';
import { inject, type Injected } from '../chaos/heal/inject.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import type { Cause } from '../doctor/finding.ts';
import { judge } from '../doctor/judge.ts';
import { attach } from '../mesh/attach.ts';
import type { Snapshot } from '../snapshot/schema.ts';
import { takeSnapshot } from '../snapshot/take-snapshot.ts';
import type { Defect } from './defect.ts';
import type { Istioctl } from './istioctl.ts';
import type { IstioctlWord, SelftestCause, SelftestRow, TriedPromise } from './report/schema.ts';

/** The mesh and the tools for trying a defect. */
export interface Bench {
  file: MeshFile;
  /** Tries promises on the mesh as it stands. */
  tryPromises: (ids: readonly string[], purpose: string) => Promise<TriedPromise[]>;
  /** Keeps what the doctor saw of a defect, to be judged again. */
  keepSnapshot: (defect: string, snapshot: Snapshot) => Promise<void>;
  /** Absent: istioctl is not asked. */
  istioctl?: Istioctl | undefined;
  signal: AbortSignal;
}

/** The record of one defect, from the first change to the heal. */
export interface DefectRecording {
  breakages: SelftestRow['breakages'];
  causes: SelftestCause[] | null;
  istioctl: IstioctlWord[] | null;
  promises: TriedPromise[];
  seconds: Omit<SelftestRow['seconds'], 'healthy' | 'all'>;
  /** The error that ended the attempt; `unavailable` if this mesh cannot have the defect. */
  trouble?: { error: unknown; unavailable: boolean };
  /** The error of the heal. */
  unhealed?: unknown;
}

/**
 * Breaks the mesh with a defect, runs the doctor, istioctl and the promises, and always heals, the last breakage first. Does not throw:
 * the recording has the errors.
 */
export async function tryDefect(defect: Defect, bench: Bench): Promise<DefectRecording> {
  const recording: DefectRecording = {
    ...{ breakages: [], causes: null, istioctl: null, promises: [] },
    seconds: { breaking: 0, settling: 0, doctor: 0, istioctl: 0, promises: 0, healing: 0 },
  };
  const timed = timedIn(recording.seconds);
  const injected: Injected[] = [];
  await using mesh = attach(bench.file);
  try {
    await timed('breaking', async () => {
      for (const { kind, parameters } of defect.break(bench.file)) {
        bench.signal.throwIfAborted();
        const one = await inject(mesh, kind, parameters, { signal: bench.signal });
        injected.push(one);
        const { fault, evidence } = one;
        recording.breakages.push({ fault, parameters: { ...one.parameters }, evidence });
      }
    });
    await look(defect, bench, recording, timed);
  } catch (error) {
    recording.trouble = { error, unavailable: error instanceof FaultUnavailable };
  }
  try {
    await timed('healing', async () => {
      for (const one of injected.toReversed()) await one.heal();
    });
  } catch (error) {
    recording.unhealed = error;
  }
  return recording;
}

type Timed = ReturnType<typeof timedIn>;

/** Observes the broken mesh. The doctor runs alone, because its seconds are compared. */
async function look(defect: Defect, bench: Bench, recording: DefectRecording, timed: Timed): Promise<void> {
  const { istioctl, signal } = bench;
  await timed('settling', () => delay(defect.settleMs ?? timeouts.defectSettleMs, undefined, { signal }));
  const snapshot = await timed('doctor', async () => {
    await using mesh = attach(bench.file); // new connections, as for a separate `meshproof doctor`
    const taken = await takeSnapshot(mesh);
    recording.causes = judge(taken).causes.map(causeOf);
    return taken;
  });
  await bench.keepSnapshot(defect.id, snapshot);
  signal.throwIfAborted();
  if (istioctl) recording.istioctl = await timed('istioctl', () => istioctl.ask(signal));
  if (defect.promises.length > 0)
    recording.promises = await timed('promises', () => bench.tryPromises(defect.promises, defect.id));
  signal.throwIfAborted();
}

/** Records the seconds of work, also if the work fails. */
const timedIn =
  (seconds: DefectRecording['seconds']) =>
  async <T>(part: keyof DefectRecording['seconds'], work: () => Promise<T>): Promise<T> => {
    const beganMs = performance.now();
    try {
      return await work();
    } finally {
      seconds[part] = rounded(performance.now() - beganMs);
    }
  };

/** Milliseconds as seconds, to the millisecond. */
export const rounded = (ms: number): number => Math.round(ms) / 1000;

function causeOf({ finding, symptoms }: Cause): SelftestCause {
  const { code, severity, cluster, peer, object, cause } = finding;
  return {
    ...{ code, severity, sentence: cause },
    ...(cluster === undefined ? {} : { cluster }),
    ...(peer === undefined ? {} : { peer }),
    ...(object === undefined ? {} : { object }),
    explains: [...new Set(symptoms.map((symptom) => symptom.code))].sort(),
  };
}
