import { Command } from 'commander';
import { abortOnSignal } from '../interrupt.ts';
import { bringUp } from '../lab-work.ts';
import { options, withOptions, type LabOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

/** `meshproof up` */
export const up = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('up').description(
      'Make a lab, or bring one back that stands in part; does nothing to a healthy one.',
    ),
    options.name(),
    options.topology(),
    options.images(),
    options.keep('leave what was made when it fails or is interrupted'),
    options.json(),
    options.verbose(),
  ).action(async (given: LabOptions) => {
    const began = Date.now();
    const { stoodBefore, meshFile } = await bringUp(
      given,
      abortOnSignal(`Run \`meshproof down --name ${given.name}\`.`),
    );
    const result = { lab: given.name, meshFile, stoodBefore, seconds: (Date.now() - began) / 1000 };
    if (given.json) console.log(JSON.stringify(result, undefined, 2));
    else
      console.log(
        `Lab "${given.name}" is ready after ${result.seconds.toFixed(1)} s. Its mesh file: ${meshFile}`,
      );
    end(exitCodes.pass);
  });
