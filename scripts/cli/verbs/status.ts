import { Command } from 'commander';
import { knownLabs, statusOf } from '../../../harness/lab/status.ts';
import { faultsIn } from '../lab-work.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

const marks = { ready: '✔', broken: '✘', absent: '–' } as const;

/** `meshproof status` */
export const status = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('status').description(
      'Show what stands of every lab, or of one. Ends with 0 when all are ready, with 2 otherwise.',
    ),
    options.name().default(undefined, 'all'),
    options.json(),
    options.verbose(),
  ).action(async (given: { name?: string; json?: boolean }) => {
    const labs = await Promise.all(
      (given.name ? [given.name] : await knownLabs()).map((name) => statusOf(name, faultsIn)),
    );
    if (given.json) console.log(JSON.stringify(labs, undefined, 2));
    else if (labs.length === 0) console.log('No labs exist. Create a lab with `meshproof up`.');
    else {
      for (const lab of labs) {
        console.log(
          `${marks[lab.state]} ${lab.name}: ${lab.state}${lab.meshFile ? ` (${lab.meshFile})` : ''}`,
        );
        for (const { name, state } of lab.containers) console.log(`    ${name}: ${state}`);
        for (const problem of lab.problems) console.log(`  ! ${problem}`);
      }
    }
    end(labs.every(({ state }) => state === 'ready') ? exitCodes.pass : exitCodes.couldNotJudge);
  });
