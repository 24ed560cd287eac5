import path from 'node:path';
import { parsePartialMesh } from '../config/load.ts';
import type { PartialCluster } from '../config/mesh-file.ts';
import type { DescribedCluster } from './describe.ts';
import type { DiscoveredMesh } from './discover.ts';
import { clusterLines } from './mesh-file-text.ts';
import { NotAMesh } from './not-a-mesh.ts';

/** An existing mesh file after the comparison with its clusters. */
export interface ComparedFile {
  /** The text with the missing clusters added; everything else is as it was. */
  text: string;
  /** The contexts of the clusters that were added. */
  added: string[];
  /** Values of the file that differ from the clusters, a sentence each. The file keeps them. */
  differences: string[];
}

/**
 * Adds the clusters that an existing mesh file lacks. Every line of the file stays.
 *
 * @throws InvalidFile if the file is not a mesh file; NotAMesh if its clusters are not a list with one item after each dash.
 */
export function addClusters(text: string, file: string, mesh: DiscoveredMesh): ComparedFile {
  const { clusters } = parsePartialMesh(text, file);
  const pairs = mesh.clusters.map((cluster) => ({
    cluster,
    known: clusters.find((one) => isSame(one, cluster)),
  }));
  const missing = pairs.flatMap(({ cluster, known }) => (known ? [] : [cluster]));
  return {
    text: missing.length === 0 ? text : inserted(text, file, missing),
    added: missing.map(({ objects }) => objects.given.context),
    differences: pairs.flatMap(({ cluster, known }) => (known ? differencesOf(known, cluster) : [])),
  };
}

const isSame = (known: PartialCluster, { found, objects: { given } }: DescribedCluster): boolean =>
  (known.name !== undefined && known.name === found.name) ||
  (known.context === given.context && (given.kubeconfig ?? known.kubeconfig) === known.kubeconfig);

const compared = ['name', 'role', 'network', 'region', 'zone'] as const;

function differencesOf(known: PartialCluster, { found }: DescribedCluster): string[] {
  const name = known.name ?? known.context;
  const { eastWestGateway: gateway } = found;
  const address = known.eastWestGateway?.address;
  return [
    ...compared
      .filter((field) => known[field] !== undefined && found[field] !== undefined)
      .filter((field) => known[field] !== found[field])
      .map((field) => `${name}: the file has ${field} ${known[field]}, the cluster has ${found[field]}`),
    ...(address !== undefined && gateway !== undefined && address !== gateway.address
      ? [`${name}: the file has gateway address ${address}, the cluster has ${gateway.address}`]
      : []),
  ];
}

/** Inserts items after the last line of the list `clusters`. */
function inserted(text: string, file: string, missing: readonly DescribedCluster[]): string {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^clusters:\s*(#.*)?$/.test(line));
  const next = lines.findIndex((line, index) => index > start && /^[^\s#-]/.test(line));
  let end = next < 0 ? lines.length : next;
  while (end > start + 1 && /^(#.*|\s*)$/.test(lines[end - 1] ?? '')) end--;
  const indent = /^(\s*)- /.exec(lines.slice(start + 1, end).find((line) => /^\s*- /.test(line)) ?? '')?.[1];
  const items = missing.flatMap((cluster) => clusterLines(cluster, path.dirname(file)));
  if (start < 0 || indent === undefined)
    throw new NotAMesh(
      `${file} cannot be extended: \`clusters\` is not a list with a line for each item. Add these items yourself:\n${items.join('\n')}`,
    );
  const result = lines.toSpliced(end, 0, ...items.map((line) => `${indent}${line}`)).join('\n');
  parsePartialMesh(result, file); // proves that the text is still a mesh file
  return result;
}
