import { relative } from 'node:path';
import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import { loadMeshFile } from '../../../harness/config/load.ts';
import type { MeshFile } from '../../../harness/config/mesh-file.ts';
import { attach, type Mesh } from '../../../harness/mesh/attach.ts';
import { waitUntilReady } from '../../../harness/mesh/readiness.ts';
import {
  deployTo,
  ingressHost,
  ingressProblem,
  lookAtNamespaces,
  plansFor,
  type Deployed,
  type DeployOptions,
  type Plan,
} from '../../../harness/workloads/deploy.ts';
import { abortOnSignal } from '../interrupt.ts';
import { lockMesh } from '../lab-work.ts';
import { options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';
import { runSteps } from '../steps.ts';

interface Given extends DeployOptions {
  mesh: string;
  dryRun?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** The changes in one cluster. */
interface ClusterResult extends Deployed {
  name: string;
  image: string;
}

/** `meshproof deploy` */
export const deploy = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('deploy').description(
      "Add meshproof's workloads to one namespace of every cluster, and wait until every proxy knows their endpoints. Idempotent. `undeploy` removes them.",
    ),
    options.ownMesh(),
    new Option(
      '--image <image>',
      'proxy image for the workloads (default: the image the cluster already uses)',
    ),
    new Option('--revision <name>', 'label the namespace istio.io/rev=<name>, not istio-injection=enabled'),
    new Option(
      '--ingress',
      "route port 80 of the ingress gateways to meshproof's webapp, for the host in the mesh file's `ingress`. If `ingress` is an address, for EVERY host (*): do not use it on a shared gateway",
    ),
    new Option('--dry-run', 'print the manifests of each cluster and change nothing; JSON with --json'),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    const file = loadMeshFile(given.mesh);
    const problem = given.ingress ? ingressProblem(file) : undefined;
    if (problem !== undefined) throw new WrongUse(`--ingress: ${problem}.`);
    await using mesh = attach(file);
    if (given.dryRun) {
      const onUnreadNodes = (line: string) => console.error(line);
      printManifests(await plansFor(mesh, { ...given, onUnreadNodes }), given.json ?? false);
    } else await deployAll(mesh, given);
    end(exitCodes.pass);
  });

async function deployAll(mesh: Mesh, given: Given): Promise<void> {
  const began = Date.now();
  const undo = `\`meshproof undeploy --mesh ${shortest(given.mesh)}\` removes it`;
  await using _lock = await lockMesh(given.mesh);
  const signal = abortOnSignal(`What was deployed stays; ${undo}.`, 'stopping');
  warnOfIngress(mesh.file, given);
  let plans: Plan[] = [];
  const look = async () => {
    await lookAtNamespaces(mesh);
    plans = await plansFor(mesh, given);
    return [...new Set(plans.map(({ image }) => image))].join(', ');
  };
  const plain = given.verbose ?? false;
  await runSteps([{ title: "The clusters' namespaces and proxy image", run: look }], { plain });
  signal.throwIfAborted();
  try {
    const clusters = await putInto(mesh, plans, signal, plain);
    printResult(mesh.file, given, { clusters, seconds: (Date.now() - began) / 1000 });
  } catch (error) {
    const stays = mesh.isLab ? '' : `: ${undo}`;
    console.error(`What was deployed to namespace ${mesh.file.namespace} by now stays${stays}.`);
    throw error;
  }
}

async function putInto(
  mesh: Mesh,
  plans: readonly Plan[],
  signal: AbortSignal,
  plain: boolean,
): Promise<ClusterResult[]> {
  const results: ClusterResult[] = [];
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const steps = plans.map((plan) => ({
    title: `Workloads in ${plan.cluster.name}`,
    run: async (onProgress: (line: string) => void) => {
      try {
        const deployed = await deployTo(plan, { onProgress, signal: ended });
        results.push({ name: plan.cluster.name, image: plan.image, ...deployed });
        return wordsOf(deployed);
      } catch (error) {
        failed.abort(error); // the other clusters stop waiting for their pods
        throw error;
      }
    },
  }));
  const gate = async (onProgress: (line: string) => void): Promise<undefined> => {
    await waitUntilReady(mesh, { onProgress, signal });
  };
  await runSteps(
    [
      { title: 'Workloads', concurrent: true, steps },
      { title: 'Ready: every proxy knows every endpoint', run: gate },
    ],
    { plain },
  );
  return plans.flatMap(({ cluster }) => results.find(({ name }) => name === cluster.name) ?? []);
}

function wordsOf({ created, changed, asBefore }: Deployed): string {
  const counts = [
    [created, 'made'],
    [changed, 'changed'],
    [asBefore, 'as they should be'],
  ] as const;
  const words = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `objects: ${words.join(', ')}`;
}

/** A path as it is typed here. */
const shortest = (file: string): string => {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
};

function warnOfIngress({ clusters, namespace }: MeshFile, { ingress: wanted }: Given): void {
  for (const { name, ingress } of wanted ? clusters : [])
    if (ingress !== undefined && ingressHost(ingress) === '*')
      console.error(
        `The ingress gateway of ${name} will route requests for every host on port 80 to ${namespace}/webapp.`,
      );
}

function printResult(
  { namespace }: MeshFile,
  { mesh, json }: Given,
  result: { clusters: ClusterResult[]; seconds: number },
): void {
  if (json) console.log(JSON.stringify({ namespace, ...result }, undefined, 2));
  else
    console.log(
      `Namespace ${namespace} is ready in ${result.clusters.map(({ name }) => name).join(' and ')} after ` +
        `${result.seconds.toFixed(1)} s. Judge the mesh: \`meshproof run --mesh ${shortest(mesh)}\``,
    );
}

/** Long lines stay one: a ConfigMap's text is read more easily as it is. */
const asWritten = { lineWidth: 0, aliasDuplicateObjects: false };

function printManifests(plans: readonly Plan[], json: boolean): void {
  const named = plans.map(({ cluster: { name, file }, image, objects }) => ({
    ...{ cluster: name, context: file.context, image },
    manifests: { apiVersion: 'v1', kind: 'List', items: objects },
  }));
  if (json) console.log(JSON.stringify(named, undefined, 2));
  else
    for (const { cluster, context, manifests } of named)
      for (const object of manifests.items)
        console.log(
          `---\n# cluster ${cluster}, context ${context}\n${stringify(object, asWritten).trimEnd()}`,
        );
}
