import { Command, CommanderError } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { leaveSoon } from './leave.ts';
import { exitCodeOf, wordsOf, type ExitCode } from './outcome.ts';
import { certify } from './verbs/certify.ts';
import { chaos } from './verbs/chaos.ts';
import { deploy } from './verbs/deploy.ts';
import { doctor } from './verbs/doctor.ts';
import { down } from './verbs/down.ts';
import { engine } from './verbs/engine.ts';
import { gather } from './verbs/gather.ts';
import { heal } from './verbs/heal.ts';
import { images } from './verbs/images.ts';
import { rights } from './verbs/rights.ts';
import { run } from './verbs/run.ts';
import { selftest } from './verbs/selftest.ts';
import { status } from './verbs/status.ts';
import { undeploy } from './verbs/undeploy.ts';
import { up } from './verbs/up.ts';
import { watch } from './verbs/watch.ts';

const end = (code: ExitCode): void => void (process.exitCode = code);

/** Errors of usage are thrown, in every subcommand: they end with 3, not with commander's 1. */
function throwOnExit(command: Command): void {
  command.exitOverride();
  command.commands.forEach(throwOnExit);
}

const program = new Command('meshproof')
  .description(packageJson.description)
  .version(packageJson.version)
  .showHelpAfterError('(--help shows what can be given)')
  .addHelpText(
    'after',
    '\nExit codes: 0 every promise holds; 1 one is broken; 2 the mesh could not be judged; 3 wrong use.',
  );
const verbs = [
  ...[
    certify,
    up,
    deploy,
    run,
    status,
    chaos,
    doctor,
    gather,
    rights,
    selftest,
    heal,
    undeploy,
    down,
    images,
    engine,
  ],
  watch,
];
for (const verb of verbs) program.addCommand(verb(end));
throwOnExit(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodeOf(error);
  else {
    console.error(`meshproof: ${wordsOf(error, process.argv.includes('--verbose'))}`);
    process.exitCode = exitCodeOf(error);
  }
}
leaveSoon();
