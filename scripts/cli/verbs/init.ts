import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readText } from '../../../harness/config/parse-file.ts';
import { addClusters } from '../../../harness/discover/add-clusters.ts';
import { discoverMesh, lackedFields, type DiscoveredMesh } from '../../../harness/discover/discover.ts';
import { meshFileText } from '../../../harness/discover/mesh-file-text.ts';
import { writeAtomically } from '../../../harness/report/files.ts';
import { clustersOf, contextOptions, type GivenContexts } from '../contexts.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, type ExitCode } from '../outcome.ts';
import { Progress } from '../progress.ts';

interface Given extends GivenContexts {
  out?: string;
}

/** `meshproof init` */
export const init = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('init').description(
      'Read the clusters of your mesh and write a mesh file. Changes nothing in the clusters. ' +
        'A field that was not found is a comment that says where to look. ' +
        'Exits with 0 if the file is complete, 2 if you must fill in a field, 3 if the clusters are not a mesh.',
    ),
    contextOptions.context(),
    contextOptions.kubeconfig(),
    new Option(
      '--out <file>',
      'file to write (default: standard output). In a file that exists, init adds the clusters that are missing and keeps every other line',
    ).argParser((file: string) => resolve(file)),
    options.verbose(),
  ).action(async (given: Given) => {
    const mesh = await discovered(given);
    if (given.out === undefined) process.stdout.write(meshFileText(mesh));
    else await write(given.out, mesh);
    const lacks = mesh.clusters.flatMap((cluster) => {
      const fields = lackedFields(cluster);
      return fields.length > 0 ? [`${cluster.objects.given.context}: ${fields.join(', ')}`] : [];
    });
    for (const line of lacks)
      console.error(`Not found for context ${line}. See the comments in the mesh file.`);
    end(lacks.length > 0 ? exitCodes.couldNotJudge : exitCodes.pass);
  });

async function discovered(given: Given): Promise<DiscoveredMesh> {
  const clusters = clustersOf(given);
  using progress = new Progress();
  return await discoverMesh(clusters, progress.report);
}

/** Writes a new file, or adds the missing clusters to the file that exists. */
async function write(file: string, mesh: DiscoveredMesh): Promise<void> {
  const shown = relative(process.cwd(), file).startsWith('..') ? file : relative(process.cwd(), file);
  if (!existsSync(file)) {
    await writeAtomically(file, meshFileText(mesh, dirname(file)));
    console.log(`Wrote ${shown}. Next: \`meshproof doctor --mesh ${shown}\``);
    return;
  }
  const { text, added, differences } = addClusters(readText(file, 'name a new file'), file, mesh);
  for (const line of differences) console.error(`${line}. The file keeps its value.`);
  if (added.length === 0) {
    console.log(`${shown} has these clusters already. Nothing was changed.`);
    return;
  }
  await writeAtomically(file, text);
  console.log(`Added to ${shown}: ${added.join(', ')}. Give their pods under \`services\`.`);
}
