import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../harness/lab/paths.ts';

/** How the command line ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** The command line at work: its process, and how it will end. */
export interface Running {
  process: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when standard error holds a text; rejects when the command ends without it. */
  said(text: string): Promise<void>;
}

/** What is under way, and labs that are to be removed: a file of tests that is cut off leaves neither. */
const running = new Set<Running>();
const labs = new Set<string>();
let cutOff = false;

/** What a command has to undo what it did, once it was told to end. */
const undoMs = 180_000;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (cutOff) return; // at it
    cutOff = true;
    void endAll().finally(() => process.exit(130));
  });

/** Has a lab removed when the tests of this file are over, or cut off. */
export function removeAfterwards(lab: string): void {
  labs.add(lab);
  after(endAll);
}

let ending: Promise<void> | undefined;

/** Once, whoever asks first: the end of the tests and a signal may both do, and neither may leave while the other removes a lab. */
const endAll = (): Promise<void> => (ending ??= endRunning());

async function endRunning(): Promise<void> {
  await Promise.all(
    [...running].map(async ({ process: child, ended }) => {
      child.kill('SIGINT');
      const late = new AbortController();
      const tooLate = delay(undoMs, undefined, { signal: late.signal }).then(
        () => child.kill('SIGKILL'),
        () => undefined,
      );
      await Promise.race([ended, tooLate]);
      late.abort();
    }),
  );
  for (const lab of labs) await launch(['down', '--name', lab]).ended;
}

/** Starts `meshproof` as a user would. What it prints is passed on, so that a log of the tests shows it. */
export function start(args: string[], env: Record<string, string> = {}): Running {
  if (cutOff) throw new Error('The tests were cut off.');
  return launch(args, env);
}

function launch(args: string[], env: Record<string, string> = {}): Running {
  const began = Date.now();
  const child = spawn(process.execPath, [join(projectRoot, 'scripts/cli/meshproof.ts'), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches it through us alone
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString();
    process.stderr.write(piece);
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr, seconds: (Date.now() - began) / 1000 }));
  });
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => void (stderr.includes(text) && resolve());
      child.stderr.on('data', look);
      look();
      void ended.then(() => reject(new Error(`It ended without saying "${text}":\n${stderr}`)));
    });
  const one: Running = { process: child, ended, said };
  running.add(one);
  const forget = () => running.delete(one);
  ended.then(forget, forget);
  return one;
}

/** Runs `meshproof` to its end. */
export const meshproof = (...args: string[]): Promise<Ended> => start(args).ended;

/** Expects an exit code; where it is another one, the message holds what the command said. */
export function assertEnded({ code, stdout, stderr }: Ended, expected: number): void {
  const said = [stdout, stderr].map((text) => text.trim().split('\n').slice(-30).join('\n')).join('\n');
  assert.equal(code, expected, `ended with ${code}, not ${expected}, and said:\n${said}`);
}
