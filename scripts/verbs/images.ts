import { Command } from 'commander';
import { ensureEngine, findEngine, type Engine } from '../../harness/lab/engine.ts';
import { ensureImages, ensureTools, listImages, type ImageSource } from '../../harness/lab/images/index.ts';
import { ensureK6 } from '../../harness/lab/k6-binary.ts';
import { abortOnSignal } from '../interrupt.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';
import { runSteps } from '../steps.ts';

interface Given {
  images: ImageSource;
  json?: boolean;
  verbose?: boolean;
}

/** What `images make` made, or found made: the node image and where it came from, and paths of tools by name. */
interface Made {
  source?: string;
  node?: string;
  tools?: Readonly<Record<string, string>>;
}

/** Makes all that a lab is made from; returns what that is. */
async function make(given: Given): Promise<Made> {
  const signal = abortOnSignal('What was finished is kept; start again to go on.');
  let engine: Engine | undefined;
  const made: Made = {};
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
          Object.assign(made, { source, node });
          return `${node} from ${source}`;
        },
      },
      {
        title: 'kind, istioctl and k6',
        run: async (onLine) => {
          made.tools = { ...(await ensureTools({ signal, onLine })), k6: await ensureK6({ signal, onLine }) };
          return undefined;
        },
      },
    ],
    { plain: given.verbose ?? false },
  );
  return made;
}

/** `meshproof images [make|list]` */
export function images(end: (code: ExitCode) => void): Command {
  const command = new Command('images').description('The images that labs are made from.');
  withOptions(
    command.command('make').description('Pull or build all that a lab is made from, so that `up` need not.'),
    options.images(),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const made = await make(given);
    if (given.json) console.log(JSON.stringify(made, undefined, 2));
    end(exitCodes.pass);
  });
  withOptions(
    command
      .command('list', { isDefault: true })
      .description('List the images on the engine, and whether a lab can be made from them now.'),
    options.json(),
    options.verbose(),
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
