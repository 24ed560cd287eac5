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

/** How often it is looked: some 50 small files in a lab of two clusters, a hundredth of a core. */
const samplingMs = 250;
/** How often proxies that are new are looked for. */
const findingMs = 1_000;
/**
 * A thread that waited longer within a sample starved. On two cores, 99 of 100 samples of all proxies of a lab under load and faults stay
 * below 185 ms at the most and 90 below 75 ms; a connection of the suites may take half a second.
 */
const starvedMs = 150;

/** Where proxies of a lab were ready to run and were not run, while it is watched. */
export interface ProxyWaits extends Disposable {
  /** The clock that it is told on: recordings that are judged beside it have to be on the same. */
  readonly clock: Clock;
  /** So far, in order. Always empty for a mesh that does not run on this machine. */
  readonly starved: readonly Starved[];
  /**
   * {@link judgeWithStarvation} with what was seen; where proxies were seen, it also tells the longest that
   * one of their threads waited. `good` as in {@link answeredOk} when not given.
   */
  judge(timeline: Timeline, judge: (timeline: Timeline) => Judgement, good?: Good): Judgement;
}

/**
 * Watches how long the threads of a lab's proxies that serve requests wait for a processor, by the kernel's account of it
 * (/proc/PID/task/TID/schedstat, https://docs.kernel.org/scheduler/sched-stats.html). Proxies are told by their cgroup, which is below
 * that of their node's container. A mesh that is no lab of ours, or whose engine runs elsewhere, has none to be seen.
 */
export async function watchProxies(mesh: Mesh, clock: Clock = startClock()): Promise<ProxyWaits> {
  const clusters = mesh.isLab ? await clustersByContainer(mesh) : new Map<string, string>();
  return watchProcesses(clusters, clock);
}

/** The cluster of each node, by the id of its container. */
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

/** {@link watchProxies} by the ids of containers. */
export function watchProcesses(
  clusters: ReadonlyMap<string, string>,
  clock: Clock,
  proc = '/proc',
): ProxyWaits {
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
      // The kernel books a wait when it ends: it may have begun before this sample.
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

/** The proxies of some containers, and how long their threads have waited. */
class Proxies {
  readonly #clusters: ReadonlyMap<string, string>;
  readonly #proc: string;
  readonly #known = new Map<string, { cluster: string; waitedNs: Map<string, number> }>();
  readonly #others = new Map<string, { looks: number }>();

  constructor(clusters: ReadonlyMap<string, string>, proc: string) {
    this.#clusters = clusters;
    this.#proc = proc;
  }

  /** Looks for proxies that are new. */
  find(): void {
    for (const pid of readdirSync(this.#proc)) {
      const looks = this.#others.get(pid)?.looks ?? 0;
      // A process may become a proxy just after it was made.
      if (!/^\d+$/.test(pid) || this.#known.has(pid) || looks > 1) continue;
      const cluster = this.#clusterOf(`${this.#proc}/${pid}`);
      if (cluster === undefined) this.#others.set(pid, { looks: looks + 1 });
      else this.#known.set(pid, { cluster, waitedNs: new Map() });
    }
  }

  /** The most that a thread of each proxy has waited since it was last asked for. */
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

/** The most that a thread of a proxy has waited since `waitedNs`, which is brought up to date; undefined when the proxy is gone. */
function waitedBy(folder: string, waitedNs: Map<string, number>): number | undefined {
  // Its threads come while it starts, and stay.
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

/** The threads of a proxy that serve requests; undefined when it is gone. */
function workersOf(folder: string): string[] | undefined {
  try {
    return readdirSync(folder).filter((task) => readIfThere(`${folder}/${task}/comm`)?.startsWith('wrk:'));
  } catch {
    return undefined;
  }
}
