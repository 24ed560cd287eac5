import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { wordRefused, type Mark, type RefusedMark } from '../../../harness/chaos/marks/mark.ts';
import { healFile, lockMesh } from '../lab-work.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';

interface Given {
  name: string;
  mesh?: string;
  trustMarks?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** `meshproof heal` */
export const heal = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('heal').description(
      'Heal what a killed run left in a mesh: the faults of the local journal, then the marks that this machine signed. ' +
        'Reports all other marks and ends with 2 when there are any. Every run heals first.',
    ),
    options.name(),
    options.mesh(),
    options.json(),
    options.verbose(),
  )
    .option(
      '--trust-marks',
      'also heal marks of another machine: shows each change and asks before it is made',
    )
    .option('--yes', 'with --trust-marks: make the changes without asking')
    .action(async (given: Given) => {
      refuse(given, process.stdin.isTTY);
      const meshFile = meshFileFor(given.name, given.mesh);
      await using _lock = await lockMesh(meshFile);
      const refused: RefusedMark[] = [];
      const report = (mark: RefusedMark): void => {
        refused.push(mark);
        console.error(wordRefused(mark));
      };
      const healed = await healFile(meshFile, {
        refused: report,
        say: (line) => console.error(line),
        trust: given.trustMarks ? (mark) => confirm(mark, given.yes ?? false) : undefined,
      });
      if (given.json) console.log(JSON.stringify({ healed, refused }, undefined, 2));
      else if (healed.length > 0) console.log(healed.join('\n'));
      else if (refused.length === 0) console.log('A killed run left nothing in the mesh.');
      else console.log(`Nothing was healed: ${refused.length} marks were left alone.`);
      end(refused.length === 0 ? exitCodes.pass : exitCodes.couldNotJudge);
    });

/** @throws WrongUse if the questions cannot be answered, or if --yes has nothing to answer. */
export function refuse({ trustMarks, yes }: Pick<Given, 'trustMarks' | 'yes'>, isTerminal: boolean): void {
  if (yes && !trustMarks) throw new WrongUse('--yes answers the questions of --trust-marks: give both.');
  if (trustMarks && !yes && !isTerminal)
    throw new WrongUse(
      '--trust-marks asks before each change, and standard input is not a terminal. Run it in a terminal, or add --yes.',
    );
}

/** Shows a change, and asks whether to make it. */
async function confirm(mark: Mark, yes: boolean): Promise<boolean> {
  console.error(`${mark.cluster}: ${mark.object} asks to ${mark.asks}.\n${await mark.change()}`);
  if (yes) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  terminal.once('close', () => ended.abort());
  terminal.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question('Make this change? [y/N] ', { signal: ended.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (ended.signal.aborted) return false; // the input ended without an answer
    throw error;
  } finally {
    terminal.close();
  }
}
