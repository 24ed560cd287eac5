import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processStart } from '../../harness/base/process-start.ts';
import { timeouts } from '../../harness/base/timeouts.ts';
import {
  awaitFingerprint,
  settledFingerprint,
  type Fingerprint,
} from '../../harness/chaos/fingerprint/fingerprint.ts';
import { journalOf, type Journal } from '../../harness/chaos/heal/journal.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { stateFolder } from '../../harness/config/state.ts';
import { labMeshFile } from '../../harness/lab/paths.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { waitUntilReady } from '../../harness/mesh/readiness.ts';
import { meshproof, start, type Running } from './cli.ts';
import { mustLeave, plans, type Plan } from './crash-plan.ts';

/** How often the journal is looked at for its first word, milliseconds: far below what any change takes. */
const lookMs = 10;

/** One round: what was killed when, what it had left, and how it was healed. */
export interface Round extends Omit<Plan, 'victim' | 'hold'> {
  fault: string;
  /** Phases of the entries in the journal right after the kill; empty: nothing was begun, or all was healed. */
  left: string[];
  healSeconds: number;
  /** From the end of `meshproof heal` until the fingerprint was as before. */
  sameAfterSeconds: number;
}

/** What a lab is like that is ready and at rest. */
async function fingerprintOf(lab: string): Promise<Fingerprint> {
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  await waitUntilReady(mesh);
  return await settledFingerprint(mesh, timeouts.readinessMs);
}

/**
 * Starts faults in a process of their own, kills it at a random moment, heals, in a third of the rounds killing the healing
 * as well, and compares the mesh with what it was before.
 *
 * @throws when a fault was not begun, or left nothing, that had to; when a healing fails, or when something is left behind.
 */
export async function crashRounds(
  lab: string,
  rounds: number,
  seed: number,
  report: (round: Round, index: number) => void,
): Promise<Round[]> {
  const before = await fingerprintOf(lab);
  const done: Round[] = [];
  for (const plan of plans(seed).take(rounds)) {
    const round = await crashOnce(lab, plan, before);
    report(round, done.length);
    done.push(round);
  }
  return done;
}

async function crashOnce(lab: string, plan: Plan, before: Fingerprint): Promise<Round> {
  const { victim, hold, since, killedAfterMs, healKilledAfterMs } = plan;
  const fault = `${victim.join(' ')} --for ${hold}`;
  const journal = journalOfLab(lab);
  const injecting = start(['chaos', 'inject', ...victim, '--for', hold, '--name', lab]);
  if (since === 'journal') await journaled(journal, injecting);
  await killedAfter(injecting, killedAfterMs);
  const left = await phasesIn(journal);
  if (mustLeave(plan)) assert.equal(left.length, 1, `${fault} left its entry in the journal`);
  if (healKilledAfterMs !== undefined) await killedAfter(start(['heal', '--name', lab]), healKilledAfterMs);
  const healed = await healedAsBefore(lab, before, fault);
  return { fault, since, killedAfterMs, healKilledAfterMs, left, ...healed };
}

/**
 * Kills `meshproof run` amid the fault of a promise, and only that process: the run that it had started has to undo the fault
 * and end by itself, and `meshproof heal` has to wait for that.
 *
 * @throws when the fault was not begun, when the run goes on, when the healing fails, or when something is left behind.
 */
export async function killRun(lab: string, promise: string): Promise<Pick<Round, 'left' | 'healSeconds'>> {
  const before = await fingerprintOf(lab);
  const journal = journalOfLab(lab);
  const run = start(['run', '--name', lab, '--grep', promise]);
  await journaled(journal, run);
  const left = await phasesIn(journal);
  const holders = await readdir(join(stateFolder(loadMeshFile(labMeshFile(lab))), 'lock'));
  const runner = Number(holders.find((name) => name.endsWith('.child'))?.split('.')[0]);
  assert.ok(processStart(runner), 'the lock names the run');
  run.process.kill('SIGKILL'); // it ends for `run.ended` when the last that writes for it has
  const { healSeconds } = await healedAsBefore(lab, before, `a run of ${promise}`);
  assert.equal(processStart(runner), undefined, 'the run has ended before anything was healed');
  await run.ended;
  return { left, healSeconds };
}

async function healedAsBefore(
  lab: string,
  before: Fingerprint,
  what: string,
): Promise<Pick<Round, 'healSeconds' | 'sameAfterSeconds'>> {
  const healed = await meshproof('heal', '--name', lab);
  assert.equal(healed.code, 0, `heal after ${what}: ${healed.stderr}`);
  const beganMs = performance.now();
  // Attached anew: connections of before may have been through a cluster that was frozen.
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  await awaitFingerprint(mesh, before, timeouts.readinessMs);
  return { healSeconds: healed.seconds, sameAfterSeconds: (performance.now() - beganMs) / 1000 };
}

const journalOfLab = (lab: string): Journal => journalOf(loadMeshFile(labMeshFile(lab)));

/** What is in a journal: faults and how far they had come. */
async function phasesIn(journal: Journal): Promise<string[]> {
  const { entries } = await journal.read();
  return entries.map(({ fault, phase }) => `${fault} ${phase}`);
}

/** Waits until something is in the journal. @throws when the command ends before: then nothing was broken. */
async function journaled(journal: Journal, command: Running): Promise<void> {
  const ended = command.ended.then(({ code, stderr }) => ({ code, stderr }));
  while ((await phasesIn(journal)).length === 0) {
    const over = await Promise.race([ended, delay(lookMs)]);
    if (over) assert.fail(`Nothing was broken: it ended with ${over.code} before, and said:\n${over.stderr}`);
  }
}

/** Kills a command itself after a while, with no word to it or to what it has started. */
async function killedAfter(command: Running, afterMs: number): Promise<void> {
  await Promise.race([command.ended, delay(afterMs)]);
  command.process.kill('SIGKILL');
  await command.ended;
}
