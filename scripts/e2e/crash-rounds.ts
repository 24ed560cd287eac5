import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { awaitFingerprint, settledFingerprint, type Fingerprint } from '../../harness/chaos/fingerprint.ts';
import { journalOf } from '../../harness/chaos/journal.ts';
import { labMeshFile } from '../../harness/lab/paths.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { loadMeshFile } from '../../harness/mesh/load.ts';
import { waitUntilReady } from '../../harness/mesh/readiness.ts';
import { timeouts } from '../../harness/timeouts.ts';
import { meshproof, start } from './cli.ts';

/** Faults with what they take; each is killed somewhere between its start and the end of its healing. */
const victims: readonly string[][] = [
  ['pods-killed', '--cluster', 'west'],
  ['pods-scaled-to-zero', '--cluster', 'west'],
  ['pods-slow-start', '--cluster', 'east'],
  ['pods-failing', '--cluster', 'east', '--percent', '50'],
  ['gateway-scaled-to-zero', '--cluster', 'east'],
  ['gateway-restarted', '--cluster', 'west'],
  ['link-partitioned', '--ports', 'data'],
  ['link-partitioned', '--ports', 'discovery', '--from', 'west', '--one-way', 'packets'],
  ['link-reset'],
  ['link-lossy', '--percent', '30'],
  ['link-narrow', '--kbit-per-second', '500'],
  ['istiod-down', '--cluster', 'west'],
  ['api-server-down', '--cluster', 'east'],
  ['remote-secret-revoked', '--cluster', 'west', '--to', 'east'],
  ['remote-secret-rotated', '--cluster', 'east', '--to', 'west'],
  ['remote-secret-changed', '--cluster', 'west', '--to', 'east', '--change', 'in-another-namespace'],
  ['authority-changed', '--cluster', 'east', '--change', 'another-root'],
  ['region-labels-lost', '--cluster', 'west'],
  ['cluster-frozen', '--cluster', 'east'],
  ['cluster-gone', '--cluster', 'east'],
  ['intermediate-rotated', '--cluster', 'east'],
];

/** Holding for this long, a fault is killed before it is healed; for one second, in half of the rounds amid healing. */
const holds = ['60s', '1s'] as const;

/** From the journal's first word to after the proof of most, milliseconds; or from the start of the process. */
const killedWithinMs = 6_000;

/** How often the journal is looked at for its first word, milliseconds: far below what any change takes. */
const lookMs = 10;

/** Numbers from 0 to 1 that a seed decides (mulberry32, Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One round: what was killed when, what it had left, and how it was healed. */
export interface Round {
  fault: string;
  /** Since when it was counted: the start of the process, or the entry in the journal, right before the first change. */
  since: 'start' | 'journal';
  killedAfterMs: number;
  /** Phases of the entries in the journal right after the kill; empty: nothing was begun, or all was healed. */
  left: string[];
  /** The healing itself was killed first, after so long. */
  healKilledAfterMs: number | undefined;
  healSeconds: number;
  /** From the end of `meshproof heal` until the fingerprint was as before. */
  sameAfterSeconds: number;
}

/**
 * Starts faults in a process of their own, kills it at a random moment, heals, in a third of the rounds killing the healing
 * as well, and compares the mesh with what it was before.
 *
 * @throws when a healing fails, or when something is left behind.
 */
export async function crashRounds(
  lab: string,
  rounds: number,
  seed: number,
  report: (round: Round, index: number) => void,
): Promise<Round[]> {
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  await waitUntilReady(mesh);
  const before = await settledFingerprint(mesh, timeouts.readinessMs);
  const random = randomFrom(seed);
  // Each kind once before one comes a second time.
  let order: string[][] = [];
  const done: Round[] = [];
  for (let index = 0; index < rounds; index++) {
    if (order.length === 0) order = shuffled(victims, random);
    const round = await crashOnce(lab, order.pop() ?? [], random, before);
    done.push(round);
    report(round, index);
  }
  return done;
}

async function crashOnce(
  lab: string,
  victim: readonly string[],
  random: () => number,
  before: Fingerprint,
): Promise<Round> {
  const hold = holds[random() < 0.5 ? 0 : 1];
  const killedAfterMs = Math.round(random() * killedWithinMs);
  // A quarter from the start, as a process can be killed before it did anything, too.
  const since = random() < 1 / 4 ? 'start' : 'journal';
  const healKilledAfterMs = random() < 1 / 3 ? Math.round(random() * 3_000) : undefined;
  const file = loadMeshFile(labMeshFile(lab));
  const journal = journalOf(file);
  const hasBegun = async () => since === 'start' || (await journal.read()).entries.length > 0;
  await killedAfter(['chaos', 'inject', ...victim, '--for', hold, '--name', lab], killedAfterMs, hasBegun);
  const { entries } = await journal.read();
  if (healKilledAfterMs !== undefined)
    await killedAfter(['heal', '--name', lab], healKilledAfterMs, () => Promise.resolve(true));
  const healed = await meshproof('heal', '--name', lab);
  assert.equal(healed.code, 0, `heal after ${victim.join(' ')}: ${healed.stderr}`);
  const beganMs = performance.now();
  // Attached anew: connections of before may have been through a cluster that was frozen.
  await using mesh = attach(file);
  await awaitFingerprint(mesh, before, timeouts.readinessMs);
  return {
    ...{ fault: `${victim.join(' ')} --for ${hold}`, since, killedAfterMs, healKilledAfterMs },
    left: entries.map(({ fault, phase }) => `${fault} ${phase}`),
    healSeconds: healed.seconds,
    sameAfterSeconds: (performance.now() - beganMs) / 1000,
  };
}

/** Runs `meshproof` and kills the process itself a while after it has begun, with no word to it or to what it has started. */
async function killedAfter(
  args: readonly string[],
  afterMs: number,
  hasBegun: () => Promise<boolean>,
): Promise<void> {
  const child = start([...args]);
  const ended = new AbortController();
  void child.ended.then(() => ended.abort());
  const orEnd = (ms: number) => delay(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  while (!ended.signal.aborted && !(await hasBegun())) await orEnd(lookMs);
  await orEnd(afterMs);
  child.process.kill('SIGKILL');
  await child.ended;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
