import { ApiException } from '@kubernetes/client-node';
import { CommanderError } from 'commander';
import { UnusablePath } from '../harness/folders.ts';
import { ForeignLab } from '../harness/lab/owner.ts';
import { InvalidFile } from '../harness/mesh/invalid-file.ts';
import { NotOurs } from '../harness/mesh/own-namespace.ts';
import { serverSaid } from '../harness/mesh/server-said.ts';

/** What a verb ends with. */
export const exitCodes = { pass: 0, broken: 1, couldNotJudge: 2, wrongUse: 3 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The user asked for something that cannot be: ends with exit code 3. */
export class WrongUse extends Error {}

/** Ended by Ctrl-C or a signal; what was begun has been undone, or the verb says what stays. */
export class Interrupted extends Error {
  constructor(signal: string) {
    super(`Ended by ${signal}.`);
  }
}

/** The exit code for an error that ended a verb. */
export function exitCodeOf(error: unknown): ExitCode {
  const wrong = [WrongUse, UnusablePath, ForeignLab, InvalidFile, NotOurs, CommanderError].some(
    (kind) => error instanceof kind,
  );
  return wrong ? exitCodes.wrongUse : exitCodes.couldNotJudge;
}

/** An error and its causes that add something, one a line; with their stacks when verbose. */
export function wordsOf(error: unknown, verbose: boolean): string {
  const lines: string[] = [];
  let each = error;
  for (; each instanceof Error; each = each.cause) {
    // The message of an ApiException is the whole answer with its headers.
    const plain = each instanceof ApiException ? serverSaid(each) : each.message;
    const words = (verbose ? each.stack : undefined) ?? plain;
    if (lines.some((line) => line.includes(words))) continue;
    lines.push(lines.length === 0 ? words : `caused by: ${words}`);
  }
  if (each !== undefined) lines.push(JSON.stringify(each));
  return lines.join('\n');
}
