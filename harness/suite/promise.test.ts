import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import type { TestInfo, TestType } from '@playwright/test';
import { FaultUnavailable } from '../chaos/fault.ts';
import { payloadsOf, type Annotation } from '../report/annotations.ts';
import { promiseFor, promiseOf, recordJudgement, type PromiseDefinition } from './promise.ts';

type Call = [
  title: string,
  details: { tag: string[]; lock: unknown; annotation: Annotation[] },
  body: () => unknown,
];
type Declare = (promise: unknown, ...args: unknown[]) => void;

const calls: Call[] = [];
const playwright = {
  extend:
    () =>
    (...call: Call) =>
      void calls.push(call),
};
const promise = promiseFor(playwright as unknown as TestType<object, object>);

let dir = '';
let inSuite: Declare;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'meshproof-promise-'));
  await mkdir(path.join(dir, 'suites/locality'), { recursive: true });
  const suite = path.join(dir, 'suites/locality/failover.spec.mjs');
  await writeFile(suite, 'export const declare = (promise, ...args) => promise(...args);');
  inSuite = (await import(suite)).declare;
});
after(() => rm(dir, { recursive: true }));

const definition: PromiseDefinition = {
  ...{ id: 'LOC-02', level: 'core', references: ['https://istio.io/'], disturbs: 'nothing' },
};
const declared = (given: Partial<PromiseDefinition> = {}): Call => {
  inSuite(promise, { ...definition, ...given }, 'It holds.', async ({ mesh }: { mesh: string }) => mesh);
  return calls.pop()!;
};

test('a promise becomes a test with its id in title and tag, and its topic from the folder', () => {
  const [title, { tag, annotation }] = declared({ timeoutMs: 900 });
  assert.equal(title, 'LOC-02 It holds.');
  assert.deepEqual(tag, ['@LOC-02', '@core']);
  const [payload] = payloadsOf('meshproof.promise', annotation);
  assert.deepEqual(payload, {
    ...{ ...definition, timeoutMs: 900 },
    ...{ title: 'It holds.', topic: 'locality', suite: 'suites/locality/failover.spec.mjs' },
  });
  assert.deepEqual(promiseOf({ annotations: annotation } as unknown as TestInfo), payload);
});

test('Playwright finds the fixtures of the body in the text of what it is given', () => {
  const [, , body] = declared();
  assert.match(body.toString(), /^async \(\{ mesh \}/);
});

/** Runs a body that records `judged` and throws a fault that cannot be had; what was skipped, and how it was noted to end. */
async function unavailable(judged: boolean): Promise<{ skipped: unknown[]; ended: (string | undefined)[] }> {
  const [annotations, skipped]: [Annotation[], unknown[]] = [[], []];
  const skip = (...given: unknown[]) => {
    skipped.push(given);
    throw new Error('as Playwright skips');
  };
  const testInfo = { annotations, skip } as unknown as TestInfo;
  inSuite(promise, definition, 'It holds.', () => {
    if (judged) recordJudgement(testInfo, { verdict: 'fail', reason: 'it is not so', measurements: [] });
    throw new FaultUnavailable('no kernel for that');
  });
  const body = calls.pop()![2] as (fixtures: object, testInfo: TestInfo) => Promise<void>;
  await assert.rejects(body({}, testInfo));
  return { skipped, ended: payloadsOf('meshproof.outcome', annotations).map(({ ended }) => ended) };
}

test('a fault that cannot be had here is a skip with its reason', async () => {
  assert.deepEqual(await unavailable(false), { skipped: [[true, 'no kernel for that']], ended: [] });
});

test('what was judged before a fault that cannot be had is not hidden by a skip', async () => {
  assert.deepEqual(await unavailable(true), { skipped: [], ended: ['threw'] });
});

test('what disturbs the mesh runs alone unless it says otherwise', () => {
  assert.deepEqual(declared()[1].lock, []);
  assert.equal(declared({ disturbs: 'link' })[1].lock, '-exclusive-');
  assert.equal(declared({ disturbs: 'link', lock: 'catalog' })[1].lock, 'catalog');
});

test('a promise that is not well declared is refused with what is wrong', () => {
  assert.throws(() => declared({ id: 'LOC2' }), /meshproof\.promise is invalid: id: /);
  assert.throws(() => declared({ references: [] }), /references: /);
  assert.throws(() => declared({ references: ['javascript:alert(1)'] }), /references\.0: Invalid URL/);
  assert.throws(
    () => promise(definition, 'It holds.', () => {}),
    /LOC-02 stands in .*promise\.test\.ts, but a suite belongs in suites/,
  );
  assert.equal(calls.length, 0);
});

test('a judgement is recorded with its scope on every measurement that has none', () => {
  const annotations: Annotation[] = [];
  const testInfo = { annotations } as unknown as TestInfo;
  const seen = { name: 'n', value: 1, unit: 'ms' };
  recordJudgement(
    testInfo,
    { verdict: 'pass', reason: 'held', measurements: [seen, { ...seen, scope: 'west' }] },
    'east',
  );
  const [judgement] = payloadsOf('meshproof.judgement', annotations);
  assert.deepEqual(
    judgement?.measurements.map((one) => one.scope),
    ['east', 'west'],
  );
  const infinite = { verdict: 'pass', reason: 'x', measurements: [{ ...seen, value: Infinity }] } as const;
  assert.throws(
    () => recordJudgement(testInfo, { ...infinite, measurements: [...infinite.measurements] }),
    /measurements\.0\.value/,
  );
  assert.equal(annotations.length, 1);
});
