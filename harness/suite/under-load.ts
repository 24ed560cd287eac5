import type { TestInfo } from '@playwright/test';
import type { z } from 'zod';
import { timeouts } from '../base/timeouts.ts';
import type { FaultKind } from '../chaos/fault.ts';
import { inject, type Injected } from '../chaos/heal/inject.ts';
import type { Mesh } from '../mesh/attach.ts';
import { type Band, failuresOf } from '../report/experiment.ts';
import { bucketsOf } from '../traffic/buckets.ts';
import { type Clock, startClock } from '../traffic/clock.ts';
import { startLoad } from '../traffic/k6-load.ts';
import { recordOf, type Target } from '../traffic/probe.ts';
import { record, type Recording } from '../traffic/recorder.ts';
import { awaitStreak, recordFurther } from '../traffic/streak.ts';
import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { servedBy } from '../verdict/answered-by.ts';
import { peakInFlight } from '../verdict/concurrency.ts';
import { cannotJudge, measured } from '../verdict/judgement.ts';
import { answeredOk, findOutages, spansOf } from '../verdict/outage.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { requestInWords } from '../verdict/wording.ts';
import type { Callers } from './callers.ts';
import { recordExperiment } from './experiment.ts';
import type { Faults } from './fault-session.ts';
import { messageOf } from './promise.ts';
import { type ProxyWaits, watchProxies } from './proxy-waits.ts';

/** A way in which users reach a service, and how they connect. */
export interface Way {
  service: string;
  /** The cluster that the load comes from. */
  cluster: string;
  /** `ingress`: through the cluster's ingress gateway and webapp. `mesh`: from its probe pod. */
  from: 'ingress' | 'mesh';
  /** Of the load to the gateway, or of the probe to its sidecar. */
  connections: 'keep-alive' | 'fresh';
}

/** Where loads start from: the fixtures of a test. */
export interface Sources {
  mesh: Mesh;
  probes: Callers;
  ingress: ReadonlyMap<string, Target>;
  faults: Faults;
}

/** The events of one fault on the timelines of all loads, in this order. */
export const faultEvents = {
  injected: 'fault begins',
  proven: 'fault proven',
  healed: 'fault over',
} as const;

/**
 * Requests a second of each load. A promise sends up to eight loads through proxies of two clusters on one machine: at 50, two busy cores
 * had no baseline.
 */
export const loadRate = 25;

/** Good requests in a row that prove a baseline or a recovery: a second of load. */
export const provenBy = loadRate;

interface OneLoad {
  way: Way;
  scope: string;
  generator: 'k6' | 'probe';
  recording: Recording;
}

/** Every way to a service from a cluster: from its ingress, where it has one, and from inside; on kept and on fresh connections. */
export function waysTo(service: string, cluster: string, ingress: ReadonlyMap<string, Target>): Way[] {
  const from = ingress.has(cluster) ? (['ingress', 'mesh'] as const) : (['mesh'] as const);
  return from.flatMap((one) =>
    (['keep-alive', 'fresh'] as const).map((connections) => ({ service, cluster, from: one, connections })),
  );
}

/** How a report names a way: "west (catalog), from the ingress, fresh". */
export const scopeOf = ({ service, cluster, from, connections }: Way): string =>
  `${cluster} (${service}), from ${from === 'ingress' ? 'the ingress' : 'inside'}, ${connections}`;

/**
 * A mesh under open-loop load on several ways at once, all told on one clock. Faults are noted on every timeline, and what
 * came of it is judged a way at a time. Dispose it to end the loads.
 */
export class UnderLoad implements AsyncDisposable {
  readonly clock: Clock;
  readonly #sources: Sources;
  readonly #loads: readonly OneLoad[];
  readonly #waits: ProxyWaits;
  readonly #stack: AsyncDisposableStack;
  #beganMs = 0;
  #inFlight = NaN;
  #injectedMs = NaN;
  #healedMs = NaN;

  private constructor(
    sources: Sources,
    clock: Clock,
    loads: readonly OneLoad[],
    waits: ProxyWaits,
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
    this.#waits = waits;
    this.#sources = sources;
    this.clock = clock;
    this.#loads = loads;
  }

  /** Starts a load on each way. It ends by itself after `forMs`: a bound, not a plan. */
  static async start(sources: Sources, ways: readonly Way[], forMs: number): Promise<UnderLoad> {
    const clock = startClock();
    await using stack = new AsyncDisposableStack();
    const waits = stack.use(await watchProxies(sources.mesh, clock));
    const loads: OneLoad[] = [];
    for (const way of ways) {
      const start = way.from === 'ingress' ? fromIngress : fromMesh;
      loads.push({ way, scope: scopeOf(way), ...(await start(sources, way, { clock, forMs, stack })) });
    }
    return new UnderLoad(sources, clock, loads, waits, stack.move());
  }

  /** Notes what is done to the mesh, now. */
  event(label: string): void {
    for (const { recording } of this.#loads) recording.event(label);
  }

  /** Waits until a second of requests of every load is as wanted, at most `withinMs`; what is judged is the recording. */
  async settle(wanted: Good = answeredOk(), withinMs: number = timeouts.requestMs): Promise<boolean> {
    const settled = await Promise.all(
      this.#loads.map(({ recording, way }) =>
        awaitStreak(recording, (one) => wanted(servedBy(way.service, one)), { inARow: provenBy, withinMs }),
      ),
    );
    return settled.every(Boolean);
  }

  /**
   * Waits until every load is served as wanted; what is judged begins there. What it takes the senders of a load to start, on a
   * machine that is busy, is none of the mesh's. Throws when that does not come to be.
   */
  async begin(wanted: Good = answeredOk()): Promise<void> {
    if (!(await this.settle(wanted, timeouts.baselineMs))) {
      const seen = this.#loads.map(({ scope, way, recording }) => {
        const last = recording.soFar.at(-1);
        return `${scope}: ${last ? requestInWords(servedBy(way.service, last)) : 'no answer'}`;
      });
      throw new Error(
        `Nothing was broken, as no baseline came to be within ${timeouts.baselineMs / 1000} s: a second of requests, all as wanted, of each load. The last of each: ${seen.join('; ')}.`,
      );
    }
    this.#beganMs = this.clock.nowMs() - (1000 / loadRate) * provenBy;
  }

  /** Lets the loads run on. */
  further(forMs: number): Promise<void> {
    return recordFurther({ clock: this.clock }, forMs);
  }

  /** Injects a fault and notes when it was begun and proven; it is healed at the end of the test at the latest. */
  async inject<P extends z.ZodObject, U>(kind: FaultKind<P, U>, parameters: z.input<P>): Promise<Injected> {
    const onBegin = () => {
      this.#inFlight = Math.max(...this.#loads.map(({ recording }) => this.#peakOf(recording.soFar)));
      [this.#injectedMs, this.#healedMs] = [this.clock.nowMs(), NaN];
      this.event(faultEvents.injected);
    };
    const onHealed = () => {
      this.#healedMs = this.clock.nowMs();
      this.event(faultEvents.healed);
    };
    const { mesh, faults } = this.#sources;
    const injected = await faults.use(
      (signal) => inject(mesh, kind, parameters, { onBegin, onHealed, signal }),
      kind.bounds.healMs,
    );
    this.event(faultEvents.proven);
    return injected;
  }

  /** The most requests that any load had under way at once before the last fault: so many are lost with what breaks. */
  get inFlight(): number {
    return this.#inFlight;
  }

  #peakOf(requests: readonly RequestRecord[]): number {
    return peakInFlight(requests.filter(({ startMs }) => startMs >= this.#beganMs));
  }

  /** How long the last fault lasted, from its first change until all of it was put back; milliseconds. NaN while it lasts. */
  get faultMs(): number {
    return this.#healedMs - this.#injectedMs;
  }

  /**
   * Ends the loads, judges each way, and gives the pictures to the report; `phase` stands before the
   * name of each, where a promise breaks the mesh more than once. What a lab whose proxies were not run has cost is an `error`
   * ({@link ProxyWaits.judge}), and so is a load that is no evidence: k6 could not keep its rate, or the port-forward of a probe
   * broke.
   */
  async judge(
    testInfo: TestInfo,
    judge: (timeline: Timeline, way: Way) => Judgement,
    options: { good?: Good; phase?: string } = {},
  ): Promise<Record<string, Judgement>> {
    const judgements: Record<string, Judgement> = {};
    const recorded = await Promise.allSettled(this.#loads.map(({ recording }) => recording.stop()));
    for (const [index, { way, scope: direction, generator }] of this.#loads.entries()) {
      const scope = options.phase === undefined ? direction : `${options.phase}, ${direction}`;
      const load = recorded[index];
      if (load?.status !== 'fulfilled') {
        judgements[scope] = cannotJudge(messageOf(load?.reason));
        continue;
      }
      const timeline = load.value;
      const all = timeline.requests.map((request) => servedBy(way.service, request));
      const requests = all.filter(({ startMs }) => startMs >= this.#beganMs);
      const good = options.good ?? answeredOk();
      const { measurements, ...judged } = this.#waits.judge(
        { ...timeline, requests },
        (one) => judge(one, way),
        good,
      );
      const stood = measured('sender stood still', timeline.lateMs ?? 0, 'ms', {
        atMost: timeouts.generatorStallMs,
      });
      const judgement = { ...judged, measurements: [...measurements, stood] };
      judgements[scope] = judgement;
      const failures = failuresOf(requests.filter((request) => !good(request)));
      await recordExperiment(testInfo, {
        scope,
        ...(options.phase !== undefined && { phase: options.phase }),
        load: { ratePerSecond: loadRate, connections: way.connections, from: way.from, generator },
        startedAt: timeline.startedAt,
        buckets: timeline.buckets ?? bucketsOf(all),
        events: timeline.events,
        bands: bandsOf({ ...timeline, requests }, good),
        numbers: judgement.measurements,
        ...(failures && { failures }),
      });
    }
    return judgements;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

interface Start {
  clock: Clock;
  forMs: number;
  stack: AsyncDisposableStack;
}

/** k6 sends to the ingress gateway, which calls webapp, which calls the service. */
function fromIngress(
  { ingress }: Sources,
  { service, cluster, connections }: Way,
  { clock, forMs, stack }: Start,
): Pick<OneLoad, 'generator' | 'recording'> {
  const found = ingress.get(cluster);
  if (!found) throw new Error(`Cluster ${cluster} has no ingress gateway in the mesh file.`);
  const target = { ...found, basePath: `${found.basePath}/to/${service}` };
  const options = { target, connections, clock, ratePerSecond: loadRate, durationMs: forMs };
  return { generator: 'k6', recording: stack.use(startLoad(options)) };
}

/**
 * The probe of a cluster sends what this process asks of it. Not k6: each request under way would be a connection of its own,
 * and so a port-forward of its own, which costs the API server more than the request costs the mesh.
 */
async function fromMesh(
  { probes }: Sources,
  { service, cluster, connections }: Way,
  { clock, forMs, stack }: Start,
): Promise<Pick<OneLoad, 'generator' | 'recording'>> {
  const caller = probes.in(cluster);
  const fresh = connections === 'fresh';
  const send = async () => recordOf(await caller.call(service, { fresh }));
  await send(); // opens the way: what waits for that would count as in flight
  const recording = record({ send, ratePerSecond: loadRate, durationMs: forMs, clock });
  // A load that nobody has stopped is judged by nobody: whether it is evidence does not matter any more.
  stack.defer(async () => void (await recording.stop().catch(() => undefined)));
  return { generator: 'probe', recording };
}

/** What the picture shows as bands: the fault from its first change until it was healed, and the outages. */
function bandsOf({ events, requests }: Timeline, good: Good): Band[] {
  const at = (label: string) => events.find((event) => event.label === label)?.atMs;
  const endMs = requests.reduce((latest, request) => Math.max(latest, request.endMs), 0);
  const fromMs = at(faultEvents.injected);
  const fault: Band[] =
    fromMs === undefined
      ? []
      : [{ kind: 'fault', label: 'fault', fromMs, toMs: at(faultEvents.healed) ?? endMs }];
  const outages = spansOf(findOutages(requests, good), endMs).map(({ errors, ...span }): Band => {
    const label = `${errors} ${errors === 1 ? 'request' : 'requests'} lost`;
    return { kind: 'outage', label, ...span };
  });
  return [...fault, ...outages];
}
