import { Command, Option } from 'commander';
import { ensureEngine, findEngine, type Engine } from '../../../harness/lab/engine.ts';
import {
  ensureImages,
  ensureTools,
  listImages,
  type ImageSource,
  type ListedImage,
} from '../../../harness/lab/images/index.ts';
import { ensureK6 } from '../../../harness/lab/k6-binary.ts';
import { abortOnSignal } from '../interrupt.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';
import { runSteps } from '../steps.ts';

interface Given {
  images: ImageSource;
  json?: boolean;
  locked?: boolean;
  verbose?: boolean;
}

/** The result of `images make`. */
interface Made {
  source?: string;
  /** The node image. */
  node?: string;
  /** Differences from the pinned versions, and versions that could not be verified. */
  notes?: readonly string[];
  /** Paths by name. */
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
          if (!engine) throw new Error('A Docker engine does not answer. Run `meshproof engine start`.');
          const { locked } = given;
          const { source, node, notes } = await ensureImages(given.images, engine, {
            signal,
            onLine,
            locked,
          });
          Object.assign(made, { source, node, notes });
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

function lineOf({ name, size, current, debianDifferences }: ListedImage): string {
  const count = debianDifferences.length;
  const differs = count === 0 ? '' : `  ${count} Debian packages differ from debian.lock (--json lists them)`;
  return `${current ? '✔' : ' '} ${name}  ${size}${differs}`;
}

/** `meshproof images [make|list]` */
export function images(end: (code: ExitCode) => void): Command {
  const command = new Command('images').description('The images that labs are made from.');
  withOptions(
    command.command('make').description('Pull or build all that a lab is made from, so that `up` need not.'),
    options.images(),
    new Option('--locked', 'fail if a Debian package differs from clusters/images/debian.lock'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const made = await make(given);
    for (const note of made.notes ?? []) console.error(`Warning: ${note}`);
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
    else for (const image of listed) console.log(lineOf(image));
    if (!given.json && !listed.some(({ current }) => current))
      console.log('None that a lab can be made from now: `meshproof images make`.');
    end(exitCodes.pass);
  });
  return command;
}
