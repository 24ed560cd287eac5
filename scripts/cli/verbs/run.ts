import { Command } from 'commander';
import { exitCode } from '../../../harness/report/assemble.ts';
import { grepPattern, suiteFiles } from '../suite-files.ts';
import { abortOnSignal } from '../interrupt.ts';
import { healCommand, isPromiseId, meshFileFor, options, withOptions, type Project } from '../options.ts';
import { WrongUse, type ExitCode } from '../outcome.ts';
import { runSuites, type SuiteRunOptions } from '../suite-run.ts';

interface Given {
  name: string;
  mesh?: string;
  allow?: string[];
  grep?: string;
  json?: boolean;
}

/** Runs suites on a mesh, prints the report if you want JSON, and returns the exit code. */
export async function judge(
  given: Given,
  what: Pick<SuiteRunOptions, 'suites' | 'promises' | 'projects'>,
): Promise<ExitCode> {
  if (given.grep !== undefined && what.promises?.length)
    throw new WrongUse('Name promises, or give --grep, not both.');
  const { report } = await runSuites({
    ...what,
    meshFile: meshFileFor(given.name, given.mesh),
    grep: given.grep,
    allow: given.allow ?? [],
    outputTo: given.json ? 'stderr' : 'stdout',
    signal: abortOnSignal(`Run \`${healCommand(given)}\`.`),
  });
  if (given.json) console.log(JSON.stringify(report, undefined, 2));
  return exitCode(report.verdict);
}

/** `meshproof run [suites…]` */
export const run = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('run')
      .description('Judge all promises, or the promises that you name, and write a report to results/.')
      .argument(
        '[suites...]',
        'promises, such as AUT-01, or paths of suites or parts of paths, such as suites/locality',
      )
      .option(
        '-g, --grep <pattern>',
        'only promises whose id, sentence or tag matches this regular expression, such as LOC-',
        grepPattern,
      ),
    options.name(),
    options.mesh(),
    options.project(),
    options.allow(),
    options.json(),
    options.verbose(),
  ).action(async (names: string[], given: Given & { project?: Project[] }) => {
    const promises = names.filter(isPromiseId);
    const suites = suiteFiles(names.filter((name) => !isPromiseId(name)));
    if (promises.length > 0 && suites.length > 0)
      throw new WrongUse(`Name promises or suites, not both: ${suites.join(', ')} is not a promise.`);
    end(await judge(given, { suites, promises, projects: given.project }));
  });
