import { Command } from 'commander';
import { lockLab } from '../../harness/lab/lock.ts';
import { labFolder } from '../../harness/lab/paths.ts';
import { remove } from '../lab-work.ts';
import { options, withOptions, type LabOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

/** `meshproof down` */
export const down = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('down').description(
      'Remove a lab: clusters, link, networks and its keys. Images and engine stay.',
    ),
    options.name(),
    options.json(),
    options.verbose(),
  ).action(async (given: LabOptions) => {
    await using _lock = await lockLab(labFolder(given.name));
    const removed = await remove(given.name);
    if (given.json) console.log(JSON.stringify({ lab: given.name, removed }, undefined, 2));
    else console.log(removed ? `Lab "${given.name}" is gone.` : `There was no lab "${given.name}".`);
    end(exitCodes.pass);
  });
