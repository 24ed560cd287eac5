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
    'Manage the Docker engine that labs run on: yours, or a private engine.',
  );
  withOptions(
    command
      .command('start')
      .description(
        'Find an engine that answers, or install and start a private engine (Debian and Ubuntu, as root).',
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
      .description('Stop the private engine and every lab on it. Your own engine keeps running.'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const stopped = await stopEngine();
    if (given.json) console.log(JSON.stringify({ stopped }, undefined, 2));
    else console.log(stopped ? 'The private engine is stopped.' : 'The private engine was not running.');
    end(exitCodes.pass);
  });
  withOptions(
    command
      .command('status')
      .description('Show the engine that labs use. Exits with 2 if an engine does not answer.'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const found = await findEngine();
    if (given.json) console.log(JSON.stringify(found ?? null, undefined, 2));
    else
      console.log(
        found
          ? `Docker ${found.version} at ${found.endpoint}${found.ours ? ' (private)' : ''}`
          : 'A Docker engine does not answer.',
      );
    end(found ? exitCodes.pass : exitCodes.couldNotJudge);
  });
  return command;
}
