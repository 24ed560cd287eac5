import { Command } from 'commander';
import { journalOf } from '../../../harness/chaos/heal/journal.ts';
import { loadMeshFile } from '../../../harness/config/load.ts';
import { attach, type Mesh } from '../../../harness/mesh/attach.ts';
import { workloadClusters } from '../../../harness/workloads/deploy.ts';
import { forEachCluster } from '../../../harness/workloads/for-each-cluster.ts';
import { lookAtNamespace, removeNamespace } from '../../../harness/workloads/own-namespace.ts';
import { lockMesh } from '../lab-work.ts';
import { options, withOptions } from '../options.ts';
import { type ExitCode, exitCodes, WrongUse } from '../outcome.ts';
import { runSteps } from '../steps.ts';

interface Given {
  mesh: string;
  json?: boolean;
  verbose?: boolean;
}

/** `meshproof undeploy` */
export const undeploy = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('undeploy').description(
      "Remove what `deploy` put into a mesh of your own: meshproof's namespace, if it carries meshproof's label, and nothing else. Waits until it is gone.",
    ),
    options.ownMesh(),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const file = loadMeshFile(given.mesh);
    if (file.lab)
      throw new WrongUse(
        `${given.mesh} is of a lab, whose workloads go with it: \`meshproof down --name ${file.lab.name}\`.`,
      );
    await using _lock = await lockMesh(given.mesh);
    const { entries } = await journalOf(file).read();
    if (entries.length > 0)
      throw new Error(
        `A run that was killed left faults in this mesh (${entries.map(({ fault }) => fault).join(', ')}), and healing them may ` +
          `take the workloads. Nothing was changed. Run \`meshproof heal --mesh ${given.mesh}\` first.`,
      );
    await using mesh = attach(file);
    const removed = await removeFrom(mesh, given.verbose ?? false);
    if (given.json) console.log(JSON.stringify({ namespace: file.namespace, removed }, undefined, 2));
    else console.log(wordsOf(file.namespace, removed));
    end(exitCodes.pass);
  });

/** Looks at all clusters before anything is removed from one. Returns those that had the namespace. */
async function removeFrom(mesh: Mesh, plain: boolean): Promise<string[]> {
  const clusters = workloadClusters(mesh);
  await forEachCluster(clusters, lookAtNamespace);
  const removed = new Set<string>();
  const steps = clusters.map((cluster) => ({
    title: `Namespace ${cluster.namespace} in ${cluster.name}`,
    run: async () => {
      if (!(await removeNamespace(cluster))) return 'was not there';
      removed.add(cluster.name);
      return 'gone';
    },
  }));
  await runSteps([{ title: 'Removing', concurrent: true, steps }], { plain });
  return clusters.map(({ name }) => name).filter((name) => removed.has(name));
}

const wordsOf = (namespace: string, removed: readonly string[]): string =>
  removed.length > 0
    ? `Namespace ${namespace} is gone from ${removed.join(' and ')}.`
    : `No cluster had a namespace ${namespace}.`;
