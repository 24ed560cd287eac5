import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getCallSites } from 'node:util';
import type { TestInfo, TestType } from '@playwright/test';
import { startWaitingAccount, waitingAccount } from '../base/waiting.ts';
import { FaultUnavailable } from '../chaos/fault.ts';
import { annotation, type Declaration, payloadsOf } from '../report/annotations.ts';
import { PromiseBroken } from '../verdict/cannot-judge.ts';
import type { Judgement } from '../verdict/verdict.ts';

/** What a suite says about its promise, beside the sentence itself. */
export interface PromiseDefinition {
  /** Three capitals, a dash, two digits: `LOC-02`. */
  id: string;
  level: 'core' | 'extended';
  /** The documentation pages that the requirement comes from, at least one, `https:` or `http:`. */
  references: string[];
  /** What proving it disturbs beyond meshproof's own workloads. */
  disturbs: 'nothing' | 'gateway' | 'control-plane' | 'link' | 'cluster';
  /** Its faults work on a lab's containers or keys (`FaultKind.needsLab`): skipped on any other mesh. */
  needsLab?: true;
  /** For the whole test, its fixtures included; Playwright's configured timeout when absent. */
  timeoutMs?: number;
  /**
   * `held` (the default): no test before the mesh is ready, and a mesh that never is cannot be judged. `tried`: what
   * makes a mesh ready is itself what is judged; the mesh is given as long as endpoints may take, and then judged.
   */
  gate?: 'held' | 'tried';
  /**
   * Playwright locks: tests that share one never run at once, `-exclusive-` runs alone. When absent, a promise that
   * disturbs something runs alone and any other takes no lock.
   */
  lock?: string | string[];
}

/**
 * Makes the function that suites declare their promise with, on top of a Playwright `test`:
 * `promise({ id, level, references, disturbs }, 'One sentence.', async ({ mesh }, testInfo) => …)`.
 * Playwright reads from the first parameter of the body which fixtures it wants: write it as `{ mesh, probes }`.
 *
 * The returned function throws while the suite is loaded when the definition does not hold: an id of another form, no
 * reference, a file outside `suites/<topic>/`.
 */
export function promiseFor<T extends object, W extends object>(test: TestType<T, W>) {
  // The compiler cannot extend a `test` whose fixtures are type parameters.
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
 * Records a judgement as evidence of the running promise; without one, a promise ends as `error`. `scope` is the
 * direction or place it was made for (`west→east`) and is set on measurements that name none.
 * Throws when a measurement is not a finite number or the reason is empty.
 */
export function recordJudgement(testInfo: TestInfo, judgement: Judgement, scope?: string): void {
  const { verdict, reason, measurements } = judgement;
  const scoped = measurements.map((one) => (scope === undefined ? one : { scope, ...one }));
  const payload = { verdict, reason, measurements: scoped, ...(scope === undefined ? {} : { scope }) };
  testInfo.annotations.push(annotation('meshproof.judgement', payload));
}

/** What the running test promises, or undefined for a test that was not made with {@link promiseFor}. */
export function promiseOf(testInfo: TestInfo): Declaration | undefined {
  return payloadsOf('meshproof.promise', testInfo.annotations)[0];
}

/** The body, skipped where it asks for a fault that cannot be had, else noting how it ended; the reporter cannot tell an assertion from another error, since Playwright sends text. */
function observed<F>(body: (fixtures: F, testInfo: TestInfo) => Promise<void> | void) {
  const run = async (fixtures: object, testInfo: TestInfo) => {
    const note = (ended: 'returned' | 'broken' | 'threw', message: string) =>
      testInfo.annotations.push(annotation('meshproof.outcome', { ended, message }));
    try {
      await body(fixtures as F, testInfo);
    } catch (error) {
      // What was judged before counts: it is not hidden by a skip.
      const judged = payloadsOf('meshproof.judgement', testInfo.annotations).length > 0;
      if (error instanceof FaultUnavailable && !judged) testInfo.skip(true, error.message);
      note(isBroken(error) ? 'broken' : 'threw', messageOf(error));
      throw error;
    }
    note('returned', '');
  };
  // Playwright learns which fixtures to set up from the text of the function.
  return Object.assign(run, { toString: () => body.toString() });
}

/** Whether an error says that a promise is broken: an assertion, or a PromiseBroken. */
export function isBroken(error: unknown): boolean {
  if (error instanceof PromiseBroken) return true;
  // What `expect` throws for a failed matcher; an error thrown inside a matcher lacks it.
  return error instanceof Error && 'matcherResult' in error && error.matcherResult !== undefined;
}

/** The message and those of its causes, one a line; not those that the message quotes already. */
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
      `promise ${parts.id} stands in ${file}, but a suite belongs in suites/<topic>/<promise>.spec.ts`,
    );
  return { ...parts, topic, suite: suite.split(path.sep).join('/') };
}

/**
 * Playwright takes the second frame of a captured stack for the place of a test, which would be this file. Leaving out
 * this function's frame and all above makes it the caller of `promise`: the suite. Were Playwright to capture
 * differently, only the shown location would be off.
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
