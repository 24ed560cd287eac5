import { Command } from 'commander';
import { grepPattern } from '../suite-files.ts';
import { addPromiseId, options, withOptions } from '../options.ts';
import type { ExitCode } from '../outcome.ts';
import { judge } from './run.ts';

/** `meshproof chaos run`: the same as `meshproof run --project chaos`. */
export const chaosRun = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('run')
      .description('Break the mesh while load runs, measure what users would notice, and judge it.')
      .argument('[promises...]', 'only these, such as RES-05', addPromiseId)
      .option(
        '-g, --grep <pattern>',
        'only promises whose id, sentence or tag matches this regular expression, such as RES-05',
        grepPattern,
      ),
    options.name(),
    options.mesh(),
    options.allow(),
    options.json(),
    options.verbose(),
  ).action(async (promises: string[], given: Parameters<typeof judge>[0]) =>
    end(await judge(given, { promises, projects: ['chaos'] })),
  );
