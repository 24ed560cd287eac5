import { Command, CommanderError } from 'commander';
import { folderFrom } from '../../harness/base/folders.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { leaveSoon } from './leave.ts';

type Verb = (end: (code: ExitCode) => void) => Command;

/** Each verb's line in `--help`, and its module, which is loaded only when you ask for the verb. */
const verbs: Record<string, [summary: string, load: () => Promise<Verb>]> = {
  certify: [
    'create a lab, judge it by every promise, report, and delete the lab; or judge your own mesh (--mesh)',
    async () => (await import('./verbs/certify.ts')).certify,
  ],
  up: ['create or repair a lab', async () => (await import('./verbs/up.ts')).up],
  deploy: [
    "add meshproof's workloads to your own mesh",
    async () => (await import('./verbs/deploy.ts')).deploy,
  ],
  run: ['judge a mesh by its promises, and report', async () => (await import('./verbs/run.ts')).run],
  status: ['show the state of labs', async () => (await import('./verbs/status.ts')).status],
  chaos: [
    'break a mesh on purpose, prove it, and heal it',
    async () => (await import('./verbs/chaos.ts')).chaos,
  ],
  doctor: [
    'report what is wrong with a mesh, why, and what to do; changes nothing',
    async () => (await import('./verbs/doctor.ts')).doctor,
  ],
  gather: ['save a snapshot of a mesh with its logs', async () => (await import('./verbs/gather.ts')).gather],
  selftest: [
    'break a healthy mesh in every known way, and check that meshproof notices',
    async () => (await import('./verbs/selftest.ts')).selftest,
  ],
  rights: [
    'print the Kubernetes rights that a command needs, or check yours',
    async () => (await import('./verbs/rights.ts')).rights,
  ],
  heal: ['undo what a killed run left in a mesh', async () => (await import('./verbs/heal.ts')).heal],
  undeploy: ['remove what `deploy` added', async () => (await import('./verbs/undeploy.ts')).undeploy],
  down: ['delete a lab', async () => (await import('./verbs/down.ts')).down],
  images: ['list or make the images of labs', async () => (await import('./verbs/images.ts')).images],
  engine: ['manage the Docker engine of labs', async () => (await import('./verbs/engine.ts')).engine],
  watch: [
    'call a service from inside the mesh and draw the results, until Ctrl-C',
    async () => (await import('./verbs/watch.ts')).watch,
  ],
};

const end = (code: ExitCode): void => void (process.exitCode = code);

/** Errors of usage are thrown, in every subcommand: they end with 3, not with commander's 1. */
function throwOnExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnExit);
}

/** All verbs: the one that the arguments name with its options, the others by name and summary. */
async function programFor([first, second]: readonly string[]): Promise<Command> {
  const program = new Command('meshproof')
    .description(packageJson.description)
    .version(packageJson.version)
    .showHelpAfterError('(--help lists what you can give)')
    .addHelpText(
      'after',
      '\nExit codes: 0 every promise holds; 1 one is broken; 2 the mesh could not be judged; 3 wrong use.',
    );
  program.hook('preAction', () => ['MESHPROOF_CACHE', 'MESHPROOF_STATE'].forEach(folderFrom));
  const named = first === 'help' ? second : first;
  for (const [name, [summary, load]] of Object.entries(verbs))
    program.addCommand((name === named ? (await load())(end) : new Command(name)).summary(summary));
  throwOnExit(program);
  return program;
}

try {
  const program = await programFor(process.argv.slice(2));
  await program.parseAsync();
} catch (error) {
  // `--help` and `--version` end so, too. They load nothing else.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.wrongUse;
  else {
    const { exitCodeOf, wordsOf } = await import('./outcome.ts');
    console.error(`meshproof: ${wordsOf(error, process.argv.includes('--verbose'))}`);
    process.exitCode = exitCodeOf(error);
  }
}
leaveSoon();
