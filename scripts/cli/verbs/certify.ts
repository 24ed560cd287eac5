import { Command } from 'commander';
import { exitCode } from '../../../harness/report/assemble.ts';
import { abortOnSignal } from '../interrupt.ts';
import { bringUp, lockLab, remove } from '../lab-work.ts';
import { healCommand, meshFileFor, options, withOptions, type LabOptions, type Project } from '../options.ts';
import { wordsOf, type ExitCode } from '../outcome.ts';
import { runSuites, type SuiteRun } from '../suite-run.ts';

type Given = LabOptions & { mesh?: string; allow?: string[]; project?: Project[] };

const judge = (given: Given, meshFile: string, signal: AbortSignal): Promise<SuiteRun> =>
  runSuites({
    meshFile,
    projects: given.project,
    allow: given.allow ?? [],
    outputTo: given.json ? 'stderr' : 'stdout',
    signal,
  });

async function certifyLab(given: Given, signal: AbortSignal): Promise<SuiteRun> {
  const { stoodBefore, meshFile } = await bringUp(given, signal);
  try {
    return await judge(given, meshFile, signal);
  } finally {
    if (given.keep || stoodBefore) {
      console.error(`Lab "${given.name}" stays up; \`meshproof down --name ${given.name}\` removes it.`);
    } else await takeDown(given.name);
  }
}

/** A lab that cannot be removed does not take the verdict away. */
async function takeDown(name: string): Promise<void> {
  console.error(`Removing lab "${name}".`);
  try {
    await using _lock = await lockLab(name);
    await remove(name);
  } catch (error) {
    console.error(
      `It could not be removed: ${wordsOf(error, false)}\nTry \`meshproof down --name ${name}\`.`,
    );
  }
}

/** `meshproof certify` */
export const certify = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('certify').description(
      'The main job: make a lab if none stands, judge it against every promise, report, and remove the lab that was made. With --mesh: judge a mesh of your own.',
    ),
    options.name(),
    options.topology(),
    options.images(),
    options.mesh(),
    options.project(),
    options.allow(),
    options.keep('leave the lab up'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const orRemove = given.mesh ? '' : `, or \`meshproof down --name ${given.name}\` to remove the lab`;
    const signal = abortOnSignal(`Run \`${healCommand(given)}\`${orRemove}.`);
    const { report } = given.mesh
      ? await judge(given, meshFileFor(given.name, given.mesh), signal)
      : await certifyLab(given, signal);
    if (given.json) console.log(JSON.stringify(report, undefined, 2));
    end(exitCode(report.verdict));
  });
