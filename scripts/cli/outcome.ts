import { ApiException } from '#kubernetes-client';
import { CommanderError } from 'commander';
import { UnusablePath } from '../../harness/base/folders.ts';
import { InvalidFile } from '../../harness/config/invalid-file.ts';
import { NotAMesh } from '../../harness/discover/not-a-mesh.ts';
import { serverSaid } from '../../harness/kube/server-said.ts';
import { ForeignLab, NotOurs } from '../../harness/mesh/foreign.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';

export { exitCodes, type ExitCode };

/** The command cannot be run as you gave it: exits with 3. */
export class WrongUse extends Error {}

/** Ended by Ctrl-C or a signal. The command has undone its changes, or has reported what stays. */
export class Interrupted extends Error {
  constructor(signal: string) {
    super(`Ended by ${signal}.`);
  }
}

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  const wrong = [WrongUse, UnusablePath, ForeignLab, InvalidFile, NotAMesh, NotOurs, CommanderError].some(
    (kind) => error instanceof kind,
  );
  return wrong ? exitCodes.wrongUse : exitCodes.couldNotJudge;
}

/** An error and its causes, a line each; with stack traces if verbose. */
export function wordsOf(error: unknown, verbose: boolean): string {
  const lines: string[] = [];
  let each = error;
  for (; each instanceof Error; each = each.cause) {
    // The message of an ApiException, with which its stack begins, is the whole answer with its headers.
    const isAnswer = each instanceof ApiException;
    const plain = isAnswer ? serverSaid(each) : each.message;
    const frames = /(?:\n {4}at .*)+$/.exec(each.stack ?? '')?.[0] ?? '';
    const stack = isAnswer ? `${plain}${frames}` : each.stack;
    const words = (verbose ? stack : undefined) ?? plain;
    if (lines.some((line) => line.includes(words))) continue;
    lines.push(lines.length === 0 ? words : `caused by: ${words}`);
  }
  if (each !== undefined) lines.push(JSON.stringify(each));
  return lines.join('\n');
}
