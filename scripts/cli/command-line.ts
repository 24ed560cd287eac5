import { Command, CommanderError } from 'commander';
import { folderFrom } from '../../harness/base/folders.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { leaveSoon } from './leave.ts';

type Verb = (end: (code: ExitCode) => void) => Command;
type Entry = [summary: string, load: () => Promise<Verb>];

/** The commands as `--help` groups them. A module is loaded only when you ask for its command. */
const groups: Record<string, Record<string, Entry>> = {
  'Your own mesh:': {
    init: [
      'read the clusters of your mesh and write a mesh file',
      async () => (await import('./verbs/init.ts')).init,
    ],
    doctor: [
      'report what is wrong with a mesh, why, and what to do; changes nothing',
      async () => (await import('./verbs/doctor.ts')).doctor,
    ],
    gather: [
      'save a snapshot of a mesh with its logs in one archive',
      async () => (await import('./verbs/gather.ts')).gather,
    ],
    rights: [
      'print the Kubernetes rights that a command needs, or check yours',
      async () => (await import('./verbs/rights.ts')).rights,
    ],
    deploy: [
      "add meshproof's workloads to the clusters of a mesh",
      async () => (await import('./verbs/deploy.ts')).deploy,
    ],
    run: [
      'judge a mesh by its promises and write a report',
      async () => (await import('./verbs/run.ts')).run,
    ],
    certify: [
      'deploy, judge every promise, report, and clean up; without --mesh in a new lab',
      async () => (await import('./verbs/certify.ts')).certify,
    ],
    undeploy: [
      'remove the workloads that `deploy` added',
      async () => (await import('./verbs/undeploy.ts')).undeploy,
    ],
  },
  'Lab:': {
    up: ['create or repair a lab', async () => (await import('./verbs/up.ts')).up],
    status: ['show the state of labs', async () => (await import('./verbs/status.ts')).status],
    chaos: [
      'inject a fault, verify it, and heal the mesh',
      async () => (await import('./verbs/chaos.ts')).chaos,
    ],
    watch: [
      'call a service from inside the mesh and draw the results, until Ctrl-C',
      async () => (await import('./verbs/watch.ts')).watch,
    ],
    selftest: [
      'inject every known defect into a healthy mesh, and check that meshproof reports it',
      async () => (await import('./verbs/selftest.ts')).selftest,
    ],
    down: ['delete a lab', async () => (await import('./verbs/down.ts')).down],
  },
  'Maintenance:': {
    heal: [
      'undo the faults that a killed run left in a mesh',
      async () => (await import('./verbs/heal.ts')).heal,
    ],
    images: ['list or build the images of labs', async () => (await import('./verbs/images.ts')).images],
    engine: ['manage the Docker engine of labs', async () => (await import('./verbs/engine.ts')).engine],
  },
};

const end = (code: ExitCode): void => void (process.exitCode = code);

/** Every subcommand throws its errors of usage: they exit with 3, not with the 1 of commander. */
function throwOnExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnExit);
}

/** All commands: the named command with its options, the others with name and summary only. */
async function programFor([first, second]: readonly string[]): Promise<Command> {
  const program = new Command('meshproof')
    .description(packageJson.description)
    .version(packageJson.version)
    .showHelpAfterError('(add --help for a list of commands and options)')
    .addHelpText(
      'after',
      '\nStart with `meshproof doctor --context west --context east`.' +
        '\nExit codes: 0 success; 1 a promise is broken, or the doctor found an error; 2 the mesh could not be judged; 3 wrong use.',
    );
  program.hook('preAction', () => ['MESHPROOF_CACHE', 'MESHPROOF_STATE'].forEach(folderFrom));
  const named = first === 'help' ? second : first;
  for (const [group, commands] of Object.entries(groups))
    for (const [name, [summary, load]] of Object.entries(commands)) {
      const command = name === named ? (await load())(end) : new Command(name);
      program.addCommand(command.summary(summary).helpGroup(group));
    }
  throwOnExit(program);
  return program;
}

try {
  const program = await programFor(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  // Also thrown by `--help` and `--version`.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.wrongUse;
  else {
    const { exitCodeOf, wordsOf } = await import('./outcome.ts');
    console.error(`meshproof: ${wordsOf(error, process.argv.includes('--verbose'))}`);
    process.exitCode = exitCodeOf(error);
  }
}
leaveSoon();
