import { readdirSync } from 'node:fs';
import { readIfThere } from '../base/read-if-there.ts';
import { inLab, labOf, nodeContainers } from '../chaos/lab-containers.ts';
import type { Mesh } from '../mesh/attach.ts';
import { type Clock, startClock } from '../traffic/clock.ts';
import type { Good, Timeline } from '../traffic/timeline.ts';
import { measured } from '../verdict/judgement.ts';
import { answeredOk } from '../verdict/outage.ts';
import { judgeWithStarvation, type Starved } from '../verdict/starvation.ts';
import type { Judgement } from '../verdict/verdict.ts';

/** The time between two samples. In a lab of two clusters, a sample reads 50 small files; all samples need 1 % of a core. */
const samplingMs = 250;
/** The time between two searches for new proxies. */
const findingMs = 1_000;
/**
 * A thread that waits longer within a sample starves. On two cores, the longest wait of a proxy of a lab under load and faults is below
 * 185 ms in 99 % of the samples and below 75 ms in 90 %; a connection of the suites may take half a second.
 */
const starvedMs = 150;

/** Watches for times when proxies of a lab are ready to run but do not get a processor. */
export interface StarvationWatch extends Disposable {
  /** The clock of the watch. Recordings that it judges need the same clock. */
  readonly clock: Clock;
  /** Starvation so far, in order. Always empty if the mesh does not run on this machine. */
  readonly starved: readonly Starved[];
  /**
   * {@link judgeWithStarvation} with the observed starvation. If proxies were observed, the longest wait of a thread is a measurement.
   * Default of `good`: {@link answeredOk}.
   */
  judge(timeline: Timeline, judge: (timeline: Timeline) => Judgement, good?: Good): Judgement;
}

/**
 * Watches how long worker threads of a lab's proxies wait for a processor, as the kernel counts it (/proc/PID/task/TID/schedstat,
 * https://docs.kernel.org/scheduler/sched-stats.html). The cgroup of a proxy is below the cgroup of its node container. Observes nothing
 * if the mesh is not a lab, or if its container engine runs on another machine.
 */
export async function watchStarvation(mesh: Mesh, clock: Clock = startClock()): Promise<StarvationWatch> {
  const clusters = mesh.isLab ? await clustersByContainer(mesh) : new Map<string, string>();
  return watchProcesses(clusters, clock);
}

/** The cluster of each node, by container id. */
async function clustersByContainer(mesh: Mesh): Promise<Map<string, string>> {
  const lab = labOf(mesh);
  const found = await Promise.all(
    mesh.clusters.map(async ({ name }) => {
      const nodes = (await nodeContainers(lab, name)).map((node) => node.name);
      const ids = await inLab(lab, ['inspect', '--format', '{{.Id}}', ...nodes]);
      return ids.split('\n').map((id) => [id.trim(), name] as const);
    }),
  );
  return new Map(found.flat());
}

/** {@link watchStarvation} for the proxies of containers, by container id. */
export function watchProcesses(
  clusters: ReadonlyMap<string, string>,
  clock: Clock,
  proc = '/proc',
): StarvationWatch {
  const starved: Starved[] = [];
  let longestMs: number | undefined;
  const proxies = new Proxies(clusters, proc);
  let [lookedMs, foundMs] = [clock.nowMs(), -Infinity];
  const sample = () => {
    const [fromMs, toMs] = [lookedMs, clock.nowMs()];
    lookedMs = toMs;
    if (toMs - foundMs >= findingMs) {
      proxies.find();
      foundMs = toMs;
    }
    const limitMs = starvedMs * Math.max(1, (toMs - fromMs) / samplingMs);
    for (const { cluster, waitedMs } of proxies.waits()) {
      longestMs = Math.max(longestMs ?? 0, waitedMs);
      // The kernel counts a wait when it ends: the wait may have begun before this sample.
      if (waitedMs > limitMs)
        starved.push({ fromMs: Math.min(fromMs, toMs - waitedMs), toMs, waitedMs, cluster });
    }
  };
  if (clusters.size > 0) sample();
  const timer = clusters.size > 0 ? setInterval(sample, samplingMs).unref() : undefined;
  return {
    clock,
    starved,
    judge: (timeline, judge, good = answeredOk()) => {
      const judgement = judgeWithStarvation({ timeline, judge, good, starved });
      if (longestMs === undefined) return judgement;
      const waited = measured('a proxy waited for a processor', longestMs, 'ms');
      return { ...judgement, measurements: [...judgement.measurements, waited] };
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** The proxies of containers, and how long their threads have waited. */
class Proxies {
  readonly #clusters: ReadonlyMap<string, string>;
  readonly #proc: string;
  readonly #known = new Map<string, { cluster: string; waitedNs: Map<string, number> }>();
  readonly #others = new Map<string, { looks: number }>();

  constructor(clusters: ReadonlyMap<string, string>, proc: string) {
    this.#clusters = clusters;
    this.#proc = proc;
  }

  /** Finds new proxies. */
  find(): void {
    for (const pid of readdirSync(this.#proc)) {
      const looks = this.#others.get(pid)?.looks ?? 0;
      // A new process may execute the proxy a moment later, so each process is checked twice.
      if (!/^\d+$/.test(pid) || this.#known.has(pid) || looks > 1) continue;
      const cluster = this.#clusterOf(`${this.#proc}/${pid}`);
      if (cluster === undefined) this.#others.set(pid, { looks: looks + 1 });
      else this.#known.set(pid, { cluster, waitedNs: new Map() });
    }
  }

  /** For each proxy, the longest wait of a thread since the last call. */
  *waits(): Generator<{ cluster: string; waitedMs: number }> {
    for (const [pid, { cluster, waitedNs }] of this.#known) {
      const waitedMs = waitedBy(`${this.#proc}/${pid}/task`, waitedNs);
      if (waitedMs === undefined) this.#known.delete(pid);
      else yield { cluster, waitedMs };
    }
  }

  #clusterOf(folder: string): string | undefined {
    if (readIfThere(`${folder}/comm`) !== 'envoy\n') return undefined;
    const cgroup = readIfThere(`${folder}/cgroup`) ?? '';
    return [...this.#clusters].find(([container]) => cgroup.includes(container))?.[1];
  }
}

/** The longest wait of a thread of a proxy since `waitedNs`, which is updated; undefined if the proxy is gone. */
function waitedBy(folder: string, waitedNs: Map<string, number>): number | undefined {
  // Envoy creates its workers at the start and keeps them.
  const tasks = waitedNs.size > 0 ? [...waitedNs.keys()] : workersOf(folder);
  let mostNs = 0;
  for (const task of tasks ?? []) {
    const nowNs = Number(readIfThere(`${folder}/${task}/schedstat`)?.split(' ')[1] ?? NaN);
    if (Number.isNaN(nowNs)) return undefined;
    mostNs = Math.max(mostNs, nowNs - (waitedNs.get(task) ?? nowNs));
    waitedNs.set(task, nowNs);
  }
  return tasks && mostNs / 1e6;
}

/** The worker threads of a proxy; undefined if the proxy is gone. */
function workersOf(folder: string): string[] | undefined {
  try {
    return readdirSync(folder).filter((task) => readIfThere(`${folder}/${task}/comm`)?.startsWith('wrk:'));
  } catch {
    return undefined;
  }
}
