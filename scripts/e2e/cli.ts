import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot } from '../../harness/lab/paths.ts';

/** The result of a command. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** A running command: its process and its result. */
export interface Running {
  process: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when standard error contains a text; rejects if the command ends without it. */
  said(text: string): Promise<void>;
}

/** Running commands, and labs to remove. A test file that is interrupted ends the commands and removes the labs. */
const running = new Set<Running>();
const labs = new Set<string>();
let cutOff = false;

/** Time for a command to undo its changes after a signal. */
const undoMs = 180_000;

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (cutOff) return; // already in progress
    cutOff = true;
    void endAll().finally(() => process.exit(130));
  });

/** Removes a lab when the tests of this file end or are interrupted. */
export function removeAfterwards(lab: string): void {
  labs.add(lab);
  after(endAll);
}

let ending: Promise<void> | undefined;

/** Removes labs once: the end of the tests and a signal can both call this, and both wait for the removal. */
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

/** Starts `meshproof` as a user would. Its output also goes to the log of the tests. */
export function start(args: string[], env: Record<string, string> = {}): Running {
  if (cutOff) throw new Error('The tests were interrupted.');
  return launch(args, env);
}

function launch(args: string[], env: Record<string, string> = {}): Running {
  const began = Date.now();
  const child = spawn(process.execPath, [join(projectRoot, 'scripts/cli/meshproof.ts'), ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches the command only through this process
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
      void ended.then(() => reject(new Error(`The command ended without the output "${text}":\n${stderr}`)));
    });
  const one: Running = { process: child, ended, said };
  running.add(one);
  const forget = () => running.delete(one);
  ended.then(forget, forget);
  return one;
}

/** Runs `meshproof` to its end. */
export const meshproof = (...args: string[]): Promise<Ended> => start(args).ended;

/** Expects an exit code. The message of a failure contains the command's output. */
export function assertEnded({ code, stdout, stderr }: Ended, expected: number): void {
  const said = [stdout, stderr].map((text) => text.trim().split('\n').slice(-30).join('\n')).join('\n');
  assert.equal(code, expected, `ended with ${code}, not ${expected}, and said:\n${said}`);
}
