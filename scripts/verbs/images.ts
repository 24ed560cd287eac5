import { Command } from 'commander';
import { ensureEngine, findEngine, type Engine } from '../../harness/lab/engine.ts';
import { ensureImages, ensureTools, listImages, type ImageSource } from '../../harness/lab/images/index.ts';
import { abortOnSignal } from '../interrupt.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';
import { runSteps } from '../steps.ts';

interface Given {
  images: ImageSource;
  json?: boolean;
  verbose?: boolean;
}

async function make(given: Given): Promise<void> {
  const signal = abortOnSignal('What was finished is kept; start again to go on.');
  let engine: Engine | undefined;
  await runSteps(
    [
      {
        title: 'Engine',
        run: async (onLine) => {
          engine = await ensureEngine({ signal, onLine });
          return `Docker ${engine.version}`;
        },
      },
      {
        title: 'Images',
        run: async (onLine) => {
          if (!engine) throw new Error('There is no engine.');
          const { source, node } = await ensureImages(given.images, engine, { signal, onLine });
          return `${node} from ${source}`;
        },
      },
      {
        title: 'kind and istioctl',
        run: async (onLine) => {
          await ensureTools({ signal, onLine });
          return undefined;
        },
      },
    ],
    { plain: given.verbose ?? false },
  );
}

/** `meshproof images [make|list]` */
export function images(end: (code: ExitCode) => void): Command {
  const command = new Command('images').description('The images that labs are made from.');
  withOptions(
    command.command('make').description('Pull or build all that a lab is made from, so that `up` need not.'),
    options.images(),
    options.verbose(),
  ).action(async (given: Given) => {
    await make(given);
    end(exitCodes.pass);
  });
  withOptions(
    command
      .command('list', { isDefault: true })
      .description('List the images on the engine, and whether a lab can be made from them now.'),
    options.json(),
  ).action(async (given: Given) => {
    const engine = await findEngine();
    if (!engine) throw new Error('No Docker engine answers. Start one with `meshproof engine start`.');
    const listed = await listImages(engine);
    if (given.json) console.log(JSON.stringify(listed, undefined, 2));
    else for (const { name, size, current } of listed) console.log(`${current ? '✔' : ' '} ${name}  ${size}`);
    if (!given.json && !listed.some(({ current }) => current))
      console.log('None that a lab can be made from now: `meshproof images make`.');
    end(exitCodes.pass);
  });
  return command;
}
