import { Command } from 'commander';
import { healFile, lockMesh } from '../lab-work.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';

/** `meshproof heal` */
export const heal = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('heal').description(
      'Take away what a killed run left in a mesh: faults of the journal, then all that carries a mark of ours. Every run does it first.',
    ),
    options.name(),
    options.mesh(),
    options.json(),
    options.verbose(),
  ).action(async (given: { name: string; mesh?: string; json?: boolean }) => {
    const meshFile = meshFileFor(given.name, given.mesh);
    await using _lock = await lockMesh(meshFile);
    const healed = await healFile(meshFile, (line) => console.error(line));
    if (given.json) console.log(JSON.stringify({ healed }, undefined, 2));
    else console.log(healed.length > 0 ? healed.join('\n') : 'Nothing was left: the mesh is in order.');
    end(exitCodes.pass);
  });
