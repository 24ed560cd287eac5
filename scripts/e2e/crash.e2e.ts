import test, { before } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { journalOf } from '../../harness/chaos/heal/journal.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { labMeshFile } from '../../harness/lab/paths.ts';
import { assertEnded, meshproof, removeAfterwards, start } from './cli.ts';
import { crashRounds, killRun, type Round } from './crash-rounds.ts';

/** The lab: the named lab, which is kept if it existed; otherwise a temporary lab. */
const named = process.env['MESHPROOF_CRASH_LAB'];
const lab = named ?? 'crash';
const rounds = Number(process.env['MESHPROOF_CRASH_ROUNDS'] ?? 4);
const seed = Number(process.env['MESHPROOF_CRASH_SEED'] ?? Date.now() % 1_000_000);

if (named === undefined || !existsSync(labMeshFile(lab))) removeAfterwards(lab);
// Also for an existing lab: an interrupted test may have left part of it.
before(async () => assertEnded(await meshproof('up', '--name', lab), 0));

const wordSeconds = (value: number): string => `${value.toFixed(1)} s`;

function wordRound(
  { fault, since, killedAfterMs, left, healKilledAfterMs, healSeconds, sameAfterSeconds }: Round,
  index: number,
): string {
  const again = healKilledAfterMs === undefined ? '' : `, heal killed after ${healKilledAfterMs} ms`;
  return (
    `round ${index + 1}: ${fault} killed ${killedAfterMs} ms after ${since === 'start' ? 'its start' : 'its entry in the journal'}, left ${left.join(', ') || 'nothing'}${again}; ` +
    `healed in ${wordSeconds(healSeconds)}, as before after ${wordSeconds(sameAfterSeconds)}`
  );
}

test('Ctrl-C heals a fault at once, and the journal is empty', async () => {
  const injecting = start([...['chaos', 'inject', 'link-partitioned', '--for', '60s'], '--name', lab]);
  await injecting.said('Ctrl-C heals at once');
  const { entries } = await journalOf(loadMeshFile(labMeshFile(lab))).read();
  assert.deepEqual(
    entries.map(({ fault, phase }) => `${fault} ${phase}`),
    ['link-partitioned injected'],
  );
  injecting.process.kill('SIGINT');
  const { code, stderr, seconds } = await injecting.ended;
  assert.equal(code, 2);
  assert.match(stderr, /✔ healed/);
  assert.ok(seconds < 60, `${seconds} s`);
  assert.deepEqual((await journalOf(loadMeshFile(labMeshFile(lab))).read()).entries, []);
});

test('a fault that a mesh does not support exits with 3 and a reason', async () => {
  for (const [args, words] of [
    [['pods-killed', '--cluster', 'wset'], /has west, east; did you mean west/],
    [['link-lossy', '--percent', '101'], /percent is "101"/],
    [['link-delayed', '--delay-ms', '0'], /delayMs is "0"/],
  ] as const) {
    const { code, stderr } = await meshproof('chaos', 'inject', ...args, '--for', '1s', '--name', lab);
    assert.equal(code, 3, stderr);
    assert.match(stderr, words);
  }
});

for (const [fault, parameters] of [
  ['link-partitioned', []],
  ['cluster-frozen', ['--cluster', 'east']],
] as const) {
  test(`kill -9 during ${fault}: status names the fault, and up heals it without rebuilding anything`, async () => {
    const injecting = start(['chaos', 'inject', fault, ...parameters, '--for', '60s', '--name', lab]);
    await injecting.said('Ctrl-C heals at once');
    injecting.process.kill('SIGKILL');
    await injecting.ended;
    const status = await meshproof('status', '--name', lab);
    assert.equal(status.code, 2);
    assert.match(status.stdout, new RegExp(`left a fault in place: ${fault}.*meshproof heal`));
    const up = await meshproof('up', '--name', lab);
    assert.equal(up.code, 0, up.stderr);
    assert.match(up.stderr, new RegExp(`healed .*${fault}`));
    assert.doesNotMatch(up.stderr, /rebuilt/);
    assert.deepEqual((await journalOf(loadMeshFile(labMeshFile(lab))).read()).entries, []);
    assert.equal((await meshproof('status', '--name', lab)).code, 0);
  });
}

test(`kill -9 at ${rounds} random moments (seed ${seed}): heal restores the mesh`, async () => {
  const done = await crashRounds(lab, rounds, seed, (round, index) => console.log(wordRound(round, index)));
  assert.equal(done.length, rounds);
});

test('kill -9 of a run during a fault: its test run undoes the fault and ends, and heal waits for that', async () => {
  const { left, healSeconds } = await killRun(lab, 'RES-05');
  assert.match(left.join(', '), /^link-partitioned (begun|injected)$/);
  console.log(`a run of RES-05 was killed with ${left.join(', ')}; healed in ${wordSeconds(healSeconds)}`);
});
