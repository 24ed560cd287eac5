import type { TestInfo } from '@playwright/test';
import type { z } from 'zod';
import { MachineBusy } from '../base/machine-busy.ts';
import { timeouts } from '../base/timeouts.ts';
import type { FaultKind } from '../chaos/fault.ts';
import type { Injected } from '../chaos/heal/inject.ts';
import { failuresOf } from '../report/experiment.ts';
import { bucketsOf } from '../traffic/buckets.ts';
import { type Clock, startClock } from '../traffic/clock.ts';
import { awaitStreak, recordFurther } from '../traffic/streak.ts';
import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { servedBy } from '../verdict/answered-by.ts';
import { peakInFlight } from '../verdict/concurrency.ts';
import { measured } from '../verdict/judgement.ts';
import { answeredOk } from '../verdict/outage.ts';
import { ejectingMs } from '../verdict/starvation.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { requestInWords } from '../verdict/wording.ts';
import { type StarvationWatch, watchStarvation } from './cpu-starvation.ts';
import { bandsOf, faultEvents, recordExperiment } from './experiment.ts';
import type { Faults } from './fault-session.ts';
import { unjudgedBy } from './judge-each.ts';
import { type LoadPath, loadRate, type RunningLoad, type Senders, startOn } from './load-path.ts';

/** Expected responses in a row that prove a baseline or a recovery: a second of load. */
export const provenBy = loadRate;

/** {@link UnderLoad.judge}: the judge function of the suite, and options. */
export interface JudgeOptions {
  /** Which responses are expected; default {@link answeredOk}. */
  good?: Good;
  /** Goes before the name of each path, if a promise injects more than one fault. */
  phase?: string;
}

/**
 * A mesh under open-loop load on several paths at once, with one clock. Every timeline gets the events of faults. Dispose it to end the
 * loads.
 */
export class UnderLoad implements AsyncDisposable {
  readonly clock: Clock;
  readonly #faults: Faults;
  readonly #loads: readonly RunningLoad[];
  readonly #starvation: StarvationWatch;
  readonly #stack: AsyncDisposableStack;
  #beganMs = 0;
  #inFlight = NaN;
  #injectedMs = NaN;
  #healedMs = NaN;

  private constructor(
    faults: Faults,
    loads: readonly RunningLoad[],
    starvation: StarvationWatch,
    stack: AsyncDisposableStack,
  ) {
    this.#faults = faults;
    this.#loads = loads;
    this.#starvation = starvation;
    this.#stack = stack;
    this.clock = starvation.clock;
  }

  /** Starts a load on each path. The loads end after `forMs` at the latest. */
  static async start(
    { faults, ...senders }: Senders & { faults: Faults },
    paths: readonly LoadPath[],
    forMs: number,
  ): Promise<UnderLoad> {
    const clock = startClock();
    await using stack = new AsyncDisposableStack();
    const starvation = stack.use(await watchStarvation(senders.mesh, clock));
    const loads: RunningLoad[] = [];
    for (const path of paths) loads.push(await startOn(path, senders, { clock, forMs, stack }));
    return new UnderLoad(faults, loads, starvation, stack.move());
  }

  /** Adds an event to every timeline, now. */
  event(label: string): void {
    for (const { recording } of this.#loads) recording.event(label);
  }

  /** Waits for at most `withinMs` until every load has had expected responses for a second. @returns whether that happened. */
  async settle(expected: Good = answeredOk(), withinMs: number = timeouts.requestMs): Promise<boolean> {
    const settled = await Promise.all(
      this.#loads.map(({ recording, path }) => {
        const good: Good = (request) => expected(servedBy(path.service, request));
        return awaitStreak(recording, good, { inARow: provenBy, withinMs });
      }),
    );
    return settled.every(Boolean);
  }

  /**
   * Waits until every load has had expected responses for a second. Requests before that are not judged: on a busy machine, senders need
   * time to start.
   *
   * @throws Error with the last response of each load if that takes longer than {@link timeouts.baselineMs}.
   */
  async begin(expected: Good = answeredOk()): Promise<void> {
    if (!(await this.settle(expected, timeouts.baselineMs))) {
      const last = this.#loads.map(({ scope, path, recording }) => {
        const request = recording.soFar.at(-1);
        return `${scope}: ${request ? requestInWords(servedBy(path.service, request)) : 'no answer'}`;
      });
      const busy = this.#starvation.starved.some(({ waitedMs }) => waitedMs >= ejectingMs);
      throw new (busy ? MachineBusy : Error)(
        `The fault was not injected: traffic was not healthy within ${timeouts.baselineMs / 1000} s. ` +
          `Each load needs ${provenBy} expected responses in a row. The last response of each load: ${last.join('; ')}.`,
      );
    }
    this.#beganMs = this.clock.nowMs() - (1000 / loadRate) * provenBy;
  }

  /** Keeps the loads running for a time. */
  further(forMs: number): Promise<void> {
    return recordFurther({ clock: this.clock }, forMs);
  }

  /** {@link Faults.inject}, with the events of the fault on every timeline. */
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
    const injected = await this.#faults.inject(kind, parameters, { onBegin, onHealed });
    this.event(faultEvents.proven);
    return injected;
  }

  /** The largest number of concurrent requests of a load before the last fault. A fault can lose that many at once. */
  get inFlight(): number {
    return this.#inFlight;
  }

  #peakOf(requests: readonly RequestRecord[]): number {
    return peakInFlight(requests.filter(({ startMs }) => startMs >= this.#beganMs));
  }

  /** How long the last fault lasted, from its first change until it was healed; milliseconds. NaN until then. */
  get faultMs(): number {
    return this.#healedMs - this.#injectedMs;
  }

  /**
   * Ends the loads, judges each path, and attaches a picture of each to the report. A judgement is an `error` if the machine did not run
   * the proxies of the lab ({@link StarvationWatch.judge}), and if the recording is not evidence: k6 did not keep its rate, or the
   * port-forward of a probe broke.
   *
   * @returns the judgements by the name of the path.
   */
  async judge(
    testInfo: TestInfo,
    judge: (timeline: Timeline, path: LoadPath) => Judgement,
    { good = answeredOk(), phase }: JudgeOptions = {},
  ): Promise<Record<string, Judgement>> {
    const judgements: Record<string, Judgement> = {};
    const recorded = await Promise.allSettled(this.#loads.map(({ recording }) => recording.stop()));
    for (const [index, load] of this.#loads.entries()) {
      const scope = phase === undefined ? load.scope : `${phase}, ${load.scope}`;
      const timeline = recorded[index];
      judgements[scope] =
        timeline?.status === 'fulfilled'
          ? await this.#judgeOne(testInfo, { ...load, scope, phase }, timeline.value, judge, good)
          : unjudgedBy(timeline?.reason);
    }
    return judgements;
  }

  async #judgeOne(
    testInfo: TestInfo,
    { path, scope, generator, phase }: RunningLoad & { phase: string | undefined },
    timeline: Timeline,
    judge: (timeline: Timeline, path: LoadPath) => Judgement,
    good: Good,
  ): Promise<Judgement> {
    const all = timeline.requests.map((request) => servedBy(path.service, request));
    const requests = all.filter(({ startMs }) => startMs >= this.#beganMs);
    const judged = { ...timeline, requests };
    const judgement = this.#starvation.judge(judged, (one) => judge(one, path), good);
    const stalled = measured('sender stood still', timeline.lateMs ?? 0, 'ms', {
      atMost: timeouts.generatorStallMs,
    });
    const measurements = [...judgement.measurements, stalled];
    const failures = failuresOf(requests.filter((request) => !good(request)));
    await recordExperiment(testInfo, {
      scope,
      ...(phase !== undefined && { phase }),
      load: { ratePerSecond: loadRate, connections: path.connections, from: path.from, generator },
      startedAt: timeline.startedAt,
      buckets: timeline.buckets ?? bucketsOf(all),
      events: timeline.events,
      bands: bandsOf(judged, good),
      numbers: measurements,
      ...(failures && { failures }),
    });
    return { ...judgement, measurements };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
