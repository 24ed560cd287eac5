import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { loadMeshFile } from '../../../harness/config/load.ts';
import { attach } from '../../../harness/mesh/attach.ts';
import { checkRights } from '../../../harness/rights/check.ts';
import type { Account } from '../../../harness/rights/manifests.ts';
import {
  defaultScope,
  rightsOf,
  scopeOf,
  verbsWithRights,
  type RightsVerb,
} from '../../../harness/rights/verbs.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { exitCodes, WrongUse, type ExitCode } from '../outcome.ts';
import {
  checkLines,
  manifestJson,
  manifestLines,
  manifestsFor,
  type CheckedCluster,
  type Place,
} from '../rights-output.ts';

interface Given {
  name?: string;
  mesh?: string;
  account?: Account;
  cluster?: string;
  check?: boolean;
  json?: boolean;
}

const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

function account(text: string): Account {
  const [namespace = '', name = '', ...more] = text.split('/');
  if (more.length === 0 && dnsLabel.test(namespace) && dnsLabel.test(name)) return { namespace, name };
  throw new InvalidArgumentError('Write it as NAMESPACE/NAME, such as istio-system/meshproof.');
}

/** `meshproof rights [verb]` */
export const rights = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('rights')
      .description(
        'Print the RBAC manifests of an account that a verb needs, for `kubectl apply -f -`. With --check, show which of these rights the present account lacks: ends with 0 if it has all, 1 if it lacks one, 2 if a cluster did not answer. Changes nothing.',
      )
      .addArgument(
        new Argument('[verb]', 'the verb; `deploy` includes undeploy')
          .choices(verbsWithRights)
          .default('doctor'),
      ),
    options.name().default(undefined, 'none: the default namespaces'),
    options.mesh(),
    new Option('--account <namespace/name>', 'the ServiceAccount that gets the rights')
      .argParser(account)
      .default(undefined, 'meshproof in the root namespace'),
    new Option('--cluster <name>', 'only this cluster of the mesh'),
    new Option('--check', 'ask the clusters which of the rights the present account lacks'),
    options.json(),
    options.verbose(),
  ).action(async (verb: RightsVerb, given: Given) => {
    if (given.check) return end(await check(verb, given));
    const manifests = manifestsFor(verb, placesOf(given), given.account);
    console.log(given.json ? manifestJson(verb, manifests) : manifestLines(verb, manifests).join('\n'));
    end(exitCodes.pass);
  });

/** The clusters that manifests are printed for; without a mesh file, one with the default namespaces. */
function placesOf({ name, mesh, cluster }: Given): Place[] {
  if (name === undefined && mesh === undefined) {
    if (cluster === undefined) return [{ scope: defaultScope }];
    throw new WrongUse('--cluster names a cluster of a mesh file. Give --mesh FILE or --name LAB as well.');
  }
  const file = loadMeshFile(meshFileFor(name ?? '', mesh));
  const places = file.clusters.map((one) => ({
    cluster: one.name,
    context: one.context,
    scope: scopeOf(file, one),
  }));
  return chosen(places, cluster);
}

function chosen<P extends { cluster: string }>(places: readonly P[], wanted: string | undefined): P[] {
  const found = places.filter(({ cluster }) => wanted === undefined || cluster === wanted);
  if (found.length > 0) return found;
  const known = places.map(({ cluster }) => cluster).join(', ');
  throw new WrongUse(`The mesh file does not have a cluster ${wanted}. Its clusters are ${known}.`);
}

async function check(
  verb: RightsVerb,
  { name = 'lab', mesh: meshFile, cluster, json }: Given,
): Promise<ExitCode> {
  await using mesh = attach(loadMeshFile(meshFileFor(name, meshFile)));
  const places = chosen(
    mesh.clusters.map((one) => ({ cluster: one.name, context: one.file.context, one })),
    cluster,
  );
  const checked: CheckedCluster[] = await Promise.all(
    places.map(async ({ one, ...place }) => {
      const wanted = rightsOf(verb, scopeOf(mesh.file, one.file));
      return { ...place, ...(await checkRights(one.api.config, wanted)) };
    }),
  );
  console.log(
    json ? JSON.stringify({ verb, clusters: checked }, undefined, 2) : checkLines(verb, checked).join('\n'),
  );
  const answers = checked.flatMap(({ rights }) => rights.map(({ has }) => has));
  if (answers.includes(false)) return exitCodes.broken;
  return answers.includes(undefined) ? exitCodes.couldNotJudge : exitCodes.pass;
}
