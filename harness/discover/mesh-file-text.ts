import path from 'node:path';
import { stringify } from 'yaml';
import type { MeshFile } from '../config/mesh-file.ts';
import { silence, type DescribedCluster, type Field } from './describe.ts';
import type { DiscoveredMesh } from './discover.ts';

/** The services of `meshproof deploy`, with the pods that the promises need: some in one cluster only, one in all of them. */
export function proposedServices(clusters: readonly string[]): MeshFile['services'] {
  const [first, last] = [clusters[0], clusters.at(-1)];
  if (first === undefined || last === undefined) return [];
  const inAll = (pods: number) => Object.fromEntries(clusters.map((name) => [name, pods]));
  return [
    { name: 'webapp', pods: { [first]: 1 } },
    { name: 'catalog', pods: inAll(2) },
    { name: 'inventory', pods: { [last]: 1 } },
    { name: 'orders', pods: { [first]: 1 } },
    { name: 'probe', pods: inAll(1) },
  ];
}

/**
 * The mesh file of a discovered mesh as YAML. A field that was not found is a comment that says where to look.
 *
 * @param folder of the file: paths of kubeconfigs below it are relative to it; absent: all paths are absolute.
 */
export function meshFileText(mesh: DiscoveredMesh, folder?: string): string {
  const { clusters, meshId, trustDomain, rootNamespace } = mesh;
  const names = clusters
    .filter(({ found }) => found.role !== 'external')
    .flatMap(({ found }) => found.name ?? []);
  const services = proposedServices(names);
  const lines = [
    '# Written by `meshproof init`. Read it once; a second run keeps your changes and adds clusters that are missing.',
    'apiVersion: meshproof.dev/v1',
    'kind: Mesh',
    fieldLine('meshId', meshId, 'any name for this mesh'),
    fieldLine('trustDomain', trustDomain, 'cluster.local unless the mesh settings of Istio state another'),
    fieldLine(
      'rootNamespace',
      rootNamespace,
      'the namespace of istiod, istio-system unless you chose another',
    ),
    "# The namespace of meshproof's own workloads. `meshproof deploy` creates it.",
    'namespace: meshproof',
    'clusters:',
    ...clusters.flatMap((cluster) => clusterLines(cluster, folder).map((line) => `  ${line}`)),
    ...(services.length > 0
      ? [
          '# The services that `meshproof deploy` adds and that the promises call, with their pods in each cluster.',
          ...stringify({ services }, { indent: 2 }).trimEnd().split('\n'),
        ]
      : ['# services: no cluster has a name yet. Run `meshproof init` again when the API servers answer.']),
  ];
  return `${lines.join('\n')}\n`;
}

/** A field with its value, or a comment that says what to write. */
const fieldLine = (field: string, value: string | undefined, advice: string): string =>
  value === undefined ? `# ${field}: not found (${advice})` : `${field}: ${scalar(value)}`;

const scalar = (value: unknown): string => stringify(value, { lineWidth: 0 }).trimEnd();

const fields = ['name', 'role', 'network', 'region', 'zone'] as const;

/** A cluster as an item of the list `clusters`, with `- ` before its first field. */
export function clusterLines(cluster: DescribedCluster, folder?: string): string[] {
  const { objects, found, notes } = cluster;
  const { context, kubeconfig } = objects.given;
  const gateway = found.eastWestGateway;
  const lines = [
    `context: ${scalar(context)}`,
    ...(objects.answered ? [] : [`# ${oneLine(silence(objects))}`]),
    ...(kubeconfig === undefined ? [] : [`kubeconfig: ${scalar(pathIn(folder, kubeconfig))}`]),
    ...fields.flatMap((field) =>
      found[field] === undefined ? hintLines(cluster, field) : [`${field}: ${scalar(found[field])}`],
    ),
    ...(gateway
      ? [
          'eastWestGateway:',
          ...stringify(gateway)
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
        ]
      : hintLines(cluster, 'eastWestGateway')),
    ...(found.ingress === undefined ? hintLines(cluster, 'ingress') : ingressLines(found.ingress)),
    ...notes.map((note) => `# ${oneLine(note)}`),
  ];
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
}

/** The ingress is a comment: promises about it hold only after `deploy --ingress` has added a route to the gateway. */
const ingressLines = (ingress: string): string[] => [
  '# The ingress gateway. Remove the # if you run `meshproof deploy --ingress`, which routes it to the webapp.',
  `# ingress: ${scalar(ingress)}`,
];

function hintLines({ hints, objects }: DescribedCluster, field: Field): string[] {
  const hint = hints[field];
  if (!hint) return [];
  const reason = objects.answered ? `, because ${oneLine(hint.reason)}` : '';
  return [`# ${field}: not found${reason}. Look: ${hint.look}`];
}

/** A comment is one line, whatever a server answered. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 300);

function pathIn(folder: string | undefined, file: string): string {
  if (folder === undefined) return file;
  const near = path.relative(folder, file);
  return near.startsWith('..') || path.isAbsolute(near) ? file : `./${near}`;
}
