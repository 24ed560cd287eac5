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

/** Milliseconds between reads of the journal, far below the duration of any change. */
const lookMs = 10;

/** One round: the victim, the time of its kill, its leftovers, and the healing. */
export interface Round extends Omit<Plan, 'victim' | 'hold'> {
  fault: string;
  /** Phases of the entries in the journal right after the kill; empty if the fault was not begun, or was healed. */
  left: string[];
  healSeconds: number;
  /** From the end of `meshproof heal` until the fingerprint was the same. */
  sameAfterSeconds: number;
}

/** The fingerprint of a lab that is ready and at rest. */
async function fingerprintOf(lab: string): Promise<Fingerprint> {
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  await waitUntilReady(mesh);
  return await settledFingerprint(mesh, timeouts.readinessMs);
}

/**
 * Starts a fault in its own process, kills the process at a random moment, and heals. In a third of the rounds, healing is killed
 * too. Then compares the mesh with its state before.
 *
 * @throws if a required fault was not begun or left nothing, if healing fails, or if something is left behind.
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
 * Kills only the process `meshproof run` during the fault of a promise. The test run that it started must undo the fault and end,
 * and `meshproof heal` must wait for that.
 *
 * @throws if the fault was not begun, if the test run continues, if healing fails, or if something is left behind.
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
  run.process.kill('SIGKILL'); // `run.ended` resolves after the last process that writes to its output
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
  // Attached again: earlier connections may have used a frozen cluster.
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  await awaitFingerprint(mesh, before, timeouts.readinessMs);
  return { healSeconds: healed.seconds, sameAfterSeconds: (performance.now() - beganMs) / 1000 };
}

const journalOfLab = (lab: string): Journal => journalOf(loadMeshFile(labMeshFile(lab)));

/** The faults in a journal, with their phases. */
async function phasesIn(journal: Journal): Promise<string[]> {
  const { entries } = await journal.read();
  return entries.map(({ fault, phase }) => `${fault} ${phase}`);
}

/** Waits for a journal entry. @throws if the command ends before: then nothing was changed. */
async function journaled(journal: Journal, command: Running): Promise<void> {
  const ended = command.ended.then(({ code, stderr }) => ({ code, stderr }));
  while ((await phasesIn(journal)).length === 0) {
    const over = await Promise.race([ended, delay(lookMs)]);
    if (over) assert.fail(`Nothing was broken: it ended with ${over.code} before, and said:\n${over.stderr}`);
  }
}

/** Kills only the command's process after a while, without a signal to its children. */
async function killedAfter(command: Running, afterMs: number): Promise<void> {
  await Promise.race([command.ended, delay(afterMs)]);
  command.process.kill('SIGKILL');
  await command.ended;
}
