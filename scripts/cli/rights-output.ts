import { stringify } from 'yaml';
import type { CheckedRights } from '../../harness/rights/check.ts';
import { rightsManifests, type Account, type RightsManifest } from '../../harness/rights/manifests.ts';
import { wordRight, type Scope } from '../../harness/rights/right.ts';
import { rightsOf, type RightsVerb } from '../../harness/rights/verbs.ts';

/** A cluster that manifests are printed for; without a mesh file it has neither name nor context. */
export interface Place {
  cluster?: string;
  context?: string;
  scope: Scope;
}

/** The manifests of one place. */
export interface PlaceManifests extends Place {
  account: Account;
  manifests: RightsManifest[];
}

/** The rights of the present account in one cluster. */
export interface CheckedCluster extends CheckedRights {
  cluster: string;
  context: string;
}

/**
 * The manifests of each place, for the account that was named or else for `meshproof` in the root namespace: `undeploy` deletes
 * meshproof's own namespace.
 */
export const manifestsFor = (verb: RightsVerb, places: readonly Place[], given?: Account): PlaceManifests[] =>
  places.map((place) => {
    const account = given ?? { namespace: place.scope.rootNamespace, name: 'meshproof' };
    const manifests = rightsManifests(`meshproof-${verb}`, rightsOf(verb, place.scope), account);
    return { ...place, account, manifests };
  });

/** Manifests as YAML documents. Clusters with the same manifests have them once, under the names of all. */
export function manifestLines(verb: RightsVerb, places: readonly PlaceManifests[]): string[] {
  const alike = [...Map.groupBy(places, ({ manifests }) => JSON.stringify(manifests)).values()];
  return alike.flatMap((group) => [
    ...headLines(verb, group, alike.length),
    ...documentLines(group[0]?.manifests ?? []),
  ]);
}

/** Manifests as JSON, a List for each cluster. */
export function manifestJson(verb: RightsVerb, places: readonly PlaceManifests[]): string {
  const clusters = places.map(({ cluster, context, account, manifests }) => ({
    ...{ cluster, context, account },
    manifests: { apiVersion: 'v1', kind: 'List', items: manifests.map(({ object }) => object) },
  }));
  return JSON.stringify({ verb, clusters }, undefined, 2);
}

function headLines(verb: RightsVerb, places: readonly PlaceManifests[], groups: number): string[] {
  const [first] = places;
  if (first === undefined) return [];
  const { account, scope } = first;
  const names = places.map(({ cluster, context }) => `${cluster} (context ${context})`);
  const where = first.cluster === undefined ? 'every cluster' : `clusters: ${names.join(', ')}`;
  return [
    `# Rights of \`meshproof ${verb}\` for ServiceAccount ${account.namespace}/${account.name}. Apply them to ${where}.`,
    ...(groups > 1
      ? ['# Other clusters of the mesh differ: --cluster NAME prints the manifests of one.']
      : []),
    ...namespaceLines(verb, scope),
  ];
}

/** The manifests do not hold meshproof's namespace: with its label, `undeploy` deletes it, whoever made it. */
function namespaceLines(verb: RightsVerb, { namespace }: Scope): string[] {
  if (verb === 'doctor' || verb === 'gather')
    return [
      `# The Role in namespace ${namespace} is for meshproof's own workloads. Leave it out if they are not deployed.`,
    ];
  return [
    `# Namespace ${namespace} has to exist, with the label that gives it to meshproof. \`undeploy\` deletes it and its Role:`,
    `#   kubectl create namespace ${namespace}`,
    `#   kubectl label namespace ${namespace} app.kubernetes.io/managed-by=meshproof`,
  ];
}

const documentLines = (manifests: readonly RightsManifest[]): string[] =>
  manifests.flatMap(({ object, notes }) => [
    '---',
    ...notes.map((note) => `# ${note}`),
    stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd(),
  ]);

const marks = { true: '✔ has    ', false: '✘ lacks  ', undefined: '? unknown' } as const;

/** A table for each cluster: the right, whether the account has it, and what is lost if it does not. */
export function checkLines(verb: RightsVerb, clusters: readonly CheckedCluster[]): string[] {
  return clusters.flatMap(({ cluster, context, rights, problem }) => {
    const count = rights.filter(({ has }) => has).length;
    const rows = rights.map(({ right, has }) => ({ has, words: wordRight(right), lost: right.lost }));
    const width = Math.max(...rows.map(({ words }) => words.length));
    return [
      `Cluster ${cluster} (context ${context}): the account has ${count} of ${rights.length} rights of \`meshproof ${verb}\`.`,
      ...rows.map(({ has, words, lost }) =>
        has ? `  ${marks.true} ${words}` : `  ${marks[`${has}`]} ${words.padEnd(width)}  ${lost}`,
      ),
      ...(problem === undefined ? [] : [`  Not all could be asked: ${problem}`]),
    ];
  });
}
