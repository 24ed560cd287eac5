import { Command } from 'commander';
import { ensureEngine, findEngine, stopEngine } from '../../../harness/lab/engine.ts';
import { abortOnSignal } from '../interrupt.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

interface Given {
  json?: boolean;
}

/** `meshproof engine start|stop|status` */
export function engine(end: (code: ExitCode) => void): Command {
  const command = new Command('engine').description(
    'The Docker engine that labs run on: yours, or a private one.',
  );
  withOptions(
    command
      .command('start')
      .description(
        'Find an engine that answers, or install and start a private one (Debian and Ubuntu, as root).',
      ),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const found = await ensureEngine({
      signal: abortOnSignal('Run `meshproof engine stop`.'),
      onLine: (line) => console.error(line),
    });
    if (given.json) console.log(JSON.stringify(found, undefined, 2));
    else
      console.log(`Docker ${found.version} answers at ${found.endpoint}${found.ours ? ' (private)' : ''}.`);
    end(exitCodes.pass);
  });
  withOptions(
    command
      .command('stop')
      .description('Stop the private engine, and with it every lab on it. Yours is never stopped.'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const stopped = await stopEngine();
    if (given.json) console.log(JSON.stringify({ stopped }, undefined, 2));
    else console.log(stopped ? 'The private engine is stopped.' : 'The private engine was not running.');
    end(exitCodes.pass);
  });
  withOptions(
    command.command('status').description('Show which engine would be used. Ends with 2 when none answers.'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const found = await findEngine();
    if (given.json) console.log(JSON.stringify(found ?? null, undefined, 2));
    else
      console.log(
        found
          ? `Docker ${found.version} at ${found.endpoint}${found.ours ? ' (private)' : ''}`
          : 'No Docker engine answers.',
      );
    end(found ? exitCodes.pass : exitCodes.couldNotJudge);
  });
  return command;
}
