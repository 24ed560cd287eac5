import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';
import type { TestInfo, TestType } from '@playwright/test';
import { isMachineBusy } from '../base/machine-busy.ts';
import { startWaitingAccount, waitingAccount } from '../base/waiting.ts';
import { FaultUnavailable } from '../chaos/fault.ts';
import { annotation, type Declaration, payloadsOf } from '../report/annotations.ts';
import { PromiseBroken } from '../verdict/cannot-judge.ts';
import type { Judgement } from '../verdict/verdict.ts';

/** Definition of a promise, without its sentence. */
export interface PromiseDefinition {
  /** Three capitals, a dash, two digits: `LOC-02`. */
  id: string;
  level: 'core' | 'extended';
  /** Documentation pages with the requirement: at least one, `https:` or `http:`. */
  references: string[];
  /** The part of the mesh that the test disturbs. Workloads of meshproof do not count. */
  disturbs: 'nothing' | 'gateway' | 'control-plane' | 'link' | 'cluster';
  /** The faults need the containers or keys of a lab (`FaultKind.needsLab`). The promise is skipped on other meshes. */
  needsLab?: true;
  /** Timeout of the whole test, with its fixtures. Default: the timeout in the configuration of Playwright. */
  timeoutMs?: number;
  /**
   * `held` (the default of a promise that disturbs the mesh): the test waits until the mesh is ready, and ends as `error` if it does not
   * become ready. `waited` (the default of other promises): the same wait, but then the promise is judged, ready or not, because a mesh
   * that does not become ready may break it. `tried`: readiness itself is judged; the wait is only as long as endpoints may take.
   */
  gate?: 'held' | 'waited' | 'tried';
  /**
   * Playwright locks: tests with the same lock do not run at the same time, and `-exclusive-` runs alone. Default: `-exclusive-` if the
   * promise disturbs something, otherwise none.
   */
  lock?: string | string[];
}

/**
 * Creates the function with which suites declare a promise, from a Playwright `test`:
 * `promise({ id, level, references, disturbs }, 'One sentence.', async ({ mesh }, testInfo) => …)`.
 * Playwright reads the fixtures from the text of the first parameter: write it as `{ mesh, probes }`.
 *
 * The created function throws while a suite is loaded if the definition is invalid: an id in another format, a missing reference, a file
 * outside `suites/<topic>/`.
 */
export function promiseFor<T extends object, W extends object>(test: TestType<T, W>) {
  // The compiler cannot extend a `test` if its fixtures are type parameters.
  const plain = test as unknown as TestType<object, object>;
  const accounted = plain.extend<{ waitingAccount: void }>({
    waitingAccount: [
      async ({}, use, testInfo) => {
        const timeoutMs = promiseOf(testInfo)?.timeoutMs;
        if (timeoutMs !== undefined) testInfo.setTimeout(timeoutMs);
        startWaitingAccount();
        await use();
        testInfo.annotations.push(annotation('meshproof.waiting', waitingAccount()));
      },
      { auto: true, box: true },
    ],
  });

  return function promise(
    definition: PromiseDefinition,
    sentence: string,
    body: (fixtures: T & W, testInfo: TestInfo) => Promise<void> | void,
  ): void {
    const { lock, ...rest } = definition;
    const declaration = declare({ ...rest, title: sentence }, getCallSites(2)[1]?.scriptName ?? '');
    const details = {
      tag: [`@${definition.id}`, `@${definition.level}`],
      annotation: [annotation('meshproof.promise', declaration)],
      lock: lock ?? (definition.disturbs === 'nothing' ? [] : '-exclusive-'),
    };
    atSuite(() => accounted(`${definition.id} ${sentence}`, details, observed(body)));
  };
}

/**
 * Records a judgement of the running promise; a promise without a judgement ends as `error`. `scope` is the direction or place of the
 * judgement (`west→east`), also for measurements without a scope.
 * Throws if a measurement is not a finite number or the reason is empty.
 */
export function recordJudgement(testInfo: TestInfo, judgement: Judgement, scope?: string): void {
  const { verdict, reason, measurements, machineBusy } = judgement;
  const scoped = measurements.map((measurement) =>
    scope === undefined ? measurement : { scope, ...measurement },
  );
  const payload = {
    ...{ verdict, reason, measurements: scoped },
    ...(scope === undefined ? {} : { scope }),
    ...(machineBusy ? { machineBusy } : {}),
  };
  testInfo.annotations.push(annotation('meshproof.judgement', payload));
}

/** The promise of the running test; undefined if the test was not declared with {@link promiseFor}. */
export function promiseOf(testInfo: TestInfo): Declaration | undefined {
  return payloadsOf('meshproof.promise', testInfo.annotations)[0];
}

/**
 * The body of a test, which records how it ended: Playwright sends errors as text, so the reporter cannot recognize assertion errors. If
 * the body throws {@link FaultUnavailable}, the test is skipped.
 */
function observed<F>(body: (fixtures: F, testInfo: TestInfo) => Promise<void> | void) {
  const run = async (fixtures: object, testInfo: TestInfo) => {
    const note = (ended: 'returned' | 'broken' | 'threw', message: string, error?: unknown) =>
      testInfo.annotations.push(
        annotation('meshproof.outcome', {
          ended,
          message,
          ...(isMachineBusy(error) ? { machineBusy: true } : {}),
        }),
      );
    try {
      await body(fixtures as F, testInfo);
    } catch (error) {
      // A skip must not hide judgements that are already recorded.
      const judged = payloadsOf('meshproof.judgement', testInfo.annotations).length > 0;
      if (error instanceof FaultUnavailable && !judged) testInfo.skip(true, error.message);
      note(isBroken(error) ? 'broken' : 'threw', messageOf(error), error);
      throw error;
    }
    note('returned', '');
  };
  // Playwright reads the fixtures from the text of the function.
  return Object.assign(run, { toString: () => body.toString() });
}

/** Whether an error means that a promise is broken: an assertion error, or a PromiseBroken. */
export function isBroken(error: unknown): boolean {
  if (error instanceof PromiseBroken) return true;
  // The error of a failed matcher has a `matcherResult`; an error that a matcher throws does not.
  return error instanceof Error && 'matcherResult' in error && error.matcherResult !== undefined;
}

/** The message of an error and of its causes, one per line, without causes that the message already contains. */
export function messageOf(error: unknown): string {
  const own = error instanceof Error ? error.message || error.name : String(error);
  if (!(error instanceof Error) || error.cause === undefined) return own;
  const cause = messageOf(error.cause);
  return own.includes(cause) ? own : `${own}\nCause: ${cause}`;
}

function declare(parts: Omit<Declaration, 'topic' | 'suite'>, script: string): Declaration {
  const file = script.startsWith('file:') ? fileURLToPath(script) : script;
  const [, suite, topic] = /.*[\\/](suites[\\/]([^\\/]+)[\\/][^\\/]+)$/.exec(file) ?? [];
  if (!suite || !topic)
    throw new Error(
      `Promise ${parts.id} cannot be declared in ${file}. Move it to suites/<topic>/<promise>.spec.ts.`,
    );
  return { ...parts, topic, suite: suite.split(path.sep).join('/') };
}

/**
 * Playwright shows the second frame of a captured stack as the location of a test. Without the frames of this file, that is the suite,
 * which calls `promise`. If Playwright captures in another way, only the shown location is wrong.
 */
function atSuite(register: () => void): void {
  const capture = Error.captureStackTrace.bind(Error);
  Error.captureStackTrace = (target) => capture(target, atSuite);
  try {
    register();
  } finally {
    Error.captureStackTrace = capture;
  }
}
