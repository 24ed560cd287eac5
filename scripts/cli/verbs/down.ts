import { Command, Option } from 'commander';
import { lockLab, remove } from '../lab-work.ts';
import { options, withOptions, type LabOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

/** `meshproof down` */
export const down = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('down').description(
      'Remove a lab: clusters, link, networks and its keys. Images and engine stay.',
    ),
    options.name(),
    new Option('--force', 'remove it also when another checkout or job made it'),
    options.json(),
    options.verbose(),
  ).action(async (given: LabOptions & { force?: boolean }) => {
    await using _lock = await lockLab(given.name);
    const { stood, disconnected } = await remove(given.name, { force: given.force ?? false });
    if (given.json)
      console.log(JSON.stringify({ lab: given.name, removed: stood, disconnected }, undefined, 2));
    else {
      for (const { container, network } of disconnected)
        console.log(
          `Container ${container} is not of the lab: it was taken off network ${network}, and let be.`,
        );
      console.log(stood ? `Lab "${given.name}" is gone.` : `Lab "${given.name}" did not exist.`);
    }
    end(exitCodes.pass);
  });
