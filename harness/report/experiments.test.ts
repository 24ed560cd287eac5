import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { experimentAttachment, parseExperiment } from './experiment.ts';
import { takeExperiments, withExperiments } from './experiments.ts';
import { sampleFailover, sampleHang, samplePartition } from './sample-experiments.ts';
import { samplePromise } from './sample.ts';
import { promiseSchema } from './schema.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'meshproof-experiments-'));
});
afterEach(() => rm(dir, { recursive: true }));

const attached = async (text: string) => {
  const file = path.join(dir, 'attached.json');
  await writeFile(file, text);
  return { name: experimentAttachment, path: file };
};

test('reading a written experiment restores it', () => {
  for (const one of [sampleFailover(), sampleHang(), samplePartition()])
    assert.deepEqual(parseExperiment(JSON.stringify(one)), one);
});

test('experiments are copied to the run folder before Playwright deletes its attachments', async () => {
  const one = sampleFailover();
  const attachments = [{ name: 'trace', path: '/nowhere' }, await attached(JSON.stringify(one))];
  const taken = takeExperiments(attachments, 'RES-01', path.join(dir, 'run'));
  await rm(path.join(dir, 'attached.json'));
  assert.deepEqual(taken.missing, []);
  assert.deepEqual(
    taken.entries.map(({ file, scope }) => [file, scope]),
    [['experiments/RES-01-1.json', one.scope]],
  );
  const kept = await readFile(path.join(dir, 'run/experiments/RES-01-1.json'), 'utf8');
  assert.deepEqual(parseExperiment(kept), taken.data.get('experiments/RES-01-1.json'));
  const promise = withExperiments(samplePromise({ id: 'RES-01' }), taken);
  assert.deepEqual(promiseSchema.parse(JSON.parse(JSON.stringify(promise))), promise);
});

test('a missing, cut off or invalid experiment is reported, and the others are shown', async () => {
  const whole = JSON.stringify(sampleHang());
  const body = (text: string) => ({ name: experimentAttachment, body: Buffer.from(text) });
  const gone = { name: experimentAttachment, path: path.join(dir, 'gone.json') };
  const late = { ...sampleHang(), bands: [{ kind: 'fault', label: 'x', fromMs: 2, toMs: 1 }] };
  const attachments = [
    ...[gone, await attached(whole.slice(0, -40)), body('{"scope":"x"}'), body(JSON.stringify(late))],
    ...[body(whole), { name: experimentAttachment }],
  ];
  const { entries, missing } = takeExperiments(attachments, 'RES-02', dir);
  assert.deepEqual(
    entries.map(({ file }) => file),
    ['experiments/RES-02-5.json'],
  );
  assert.match(missing[0]!, /^Experiment 1 of RES-02 is not shown: .*gone\.json: ENOENT/);
  assert.match(missing[1]!, /attached\.json: invalid JSON \(\d+ characters, cut off\?\)/);
  assert.match(missing[2]!, /its attachment: invalid experiment: load: /);
  assert.match(missing[3]!, /bands\.0: the band ends before it begins/);
  assert.match(missing[4]!, /^Experiment 6 .*invalid JSON \(0 characters/);
});

test('if the run folder is not writable, only the picture is missing', async () => {
  await writeFile(path.join(dir, 'experiments'), 'a file where the folder should be');
  const { entries, missing } = takeExperiments([await attached(JSON.stringify(sampleHang()))], 'RES-02', dir);
  assert.equal(entries.length, 0);
  assert.match(missing[0]!, /EEXIST|ENOTDIR/);
});

test('a promise without experiments does not have their fields', async () => {
  const taken = takeExperiments([], 'RES-01', dir);
  assert.deepEqual(withExperiments(samplePromise({ id: 'RES-01' }), taken), samplePromise({ id: 'RES-01' }));
  assert.deepEqual(await readdir(dir), []);
});
