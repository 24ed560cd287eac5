import type { MeshFileCluster, PartialCluster } from '../config/mesh-file.ts';
import type { Install, NodeRecord, Source } from '../snapshot/schema.ts';
import { eastWestGatewayOf, ingressOf, networkLabel, type Found } from './gateways.ts';
import type { ClusterObjects } from './read-cluster.ts';

/** A field of a mesh file that is read from a cluster. */
export type Field = 'name' | 'role' | 'network' | 'region' | 'zone' | 'ingress' | 'eastWestGateway';

/** A field that was not found, and where to look for it. */
export interface Hint {
  reason: string;
  /** A command that shows the value. */
  look: string;
}

/** A cluster as its objects describe it. */
export interface DescribedCluster {
  objects: ClusterObjects;
  /** The values that were found. */
  found: Partial<Pick<MeshFileCluster, Field>>;
  hints: Partial<Record<Field, Hint>>;
  /** Facts that a mesh file does not hold, such as a revision, a sentence each. */
  notes: string[];
}

/** The name that istiod has by default. */
const defaultName = 'Kubernetes';

/** Describes a cluster by itself. Its name, and the role `external`, depend on the other clusters too. */
export function describeCluster(objects: ClusterObjects): DescribedCluster {
  const described: DescribedCluster = { objects, found: {}, hints: {}, notes: revisionNotes(objects) };
  const [install] = objects.installs;
  const kubectl = `kubectl --context ${objects.given.context}`;
  const add = <F extends Field>(
    field: F,
    found: Found<NonNullable<DescribedCluster['found'][F]>>,
    parts: readonly Source[],
    look: string,
  ): void => {
    if ('value' in found) described.found[field] = found.value;
    else
      described.hints[field] = {
        reason: problemOf(objects, parts) ?? found.reason,
        look: `${kubectl} ${look}`,
      };
  };
  add(
    'name',
    nameOf(install),
    ['installs', 'workloads'],
    'get deployment -A -l app=istiod -o yaml | grep -A1 CLUSTER_ID',
  );
  add('role', roleOf(install), ['installs', 'workloads'], 'get deployment -A -l app=istiod');
  add(
    'network',
    networkOf(objects, described.found.name),
    ['namespaces', 'installs'],
    `get namespace ${install?.namespace ?? 'istio-system'} -L ${networkLabel}`,
  );
  const place = placeOf(objects.nodes);
  const look = 'get nodes -L topology.kubernetes.io/region,topology.kubernetes.io/zone';
  add('region', place.region, ['nodes'], look);
  add('zone', place.zone, ['nodes'], look);
  add('ingress', ingressOf(objects), ['services'], 'get service -A');
  add('eastWestGateway', eastWestGatewayOf(objects), ['services', 'resources'], 'get service,gateway -A');
  if (place.note !== undefined) described.notes.push(place.note);
  return described;
}

/** Why a part that a field comes from was not read. */
function problemOf(objects: ClusterObjects, parts: readonly Source[]): string | undefined {
  const gap = objects.missing.find(({ what }) => parts.includes(what));
  if (!objects.answered) return silence(objects);
  return gap && `${gap.what} could not be read: ${gap.why}`;
}

/** Why nothing of a cluster was read, if its API server did not answer. */
export const silence = ({ missing: [first], given: { context } }: ClusterObjects): string =>
  `The API server of context ${context} ${first?.reason === 'noWay' ? 'was not asked' : 'did not answer'}: ${first?.why ?? 'nothing was sent'}`;

/** Whether no list shows Istio, although the lists that would show it were read. */
export const lacksIstio = ({ answered, installs, missing }: ClusterObjects): boolean =>
  answered &&
  installs.length === 0 &&
  !missing.some(({ what }) => what === 'installs' || what === 'workloads');

const nameOf = (install: Install | undefined): Found<string> => {
  if (install?.clusterName !== undefined) return { value: install.clusterName };
  return install?.istiod
    ? { value: defaultName }
    : { reason: 'neither istiod nor the sidecar injector states a clusterName' };
};

const roleOf = (install: Install | undefined): Found<PartialCluster['role'] & string> =>
  install ? { value: install.istiod ? 'primary' : 'remote' } : { reason: 'istiod was not found' };

/** By the label of the system namespace, meshNetworks, the injector, or the label of the only gateway, in this order. */
function networkOf(
  { installs, namespaces, services }: ClusterObjects,
  name: string | undefined,
): Found<string> {
  const [install] = installs;
  const system = install?.namespace ?? 'istio-system';
  const gateways = services.flatMap(({ labels }) => labels[networkLabel] || []);
  const value =
    namespaces.find((one) => one.name === system)?.labels[networkLabel] ||
    installs.flatMap((one) => networkOfRegistry(one, name) ?? [])[0] ||
    install?.network ||
    (new Set(gateways).size === 1 ? gateways[0] : undefined);
  return value ? { value } : { reason: `namespace ${system} does not have the label ${networkLabel}` };
}

/** The network in meshNetworks with an endpoint `fromRegistry: <cluster>`. */
const networkOfRegistry = ({ meshNetworks }: Install, name: string | undefined): string | undefined =>
  Object.entries(meshNetworks).find(([, network]) => {
    const { endpoints } = (network ?? {}) as { endpoints?: unknown };
    return (
      Array.isArray(endpoints) &&
      endpoints.some((one: { fromRegistry?: unknown } | null) => one?.fromRegistry === name)
    );
  })?.[0];

interface Place {
  region: Found<string>;
  zone: Found<string>;
  note?: string;
}

/** The region of most nodes, and the zone of most nodes in it. */
function placeOf(nodes: readonly NodeRecord[]): Place {
  const ready = nodes.filter((node) => node.ready && !node.unschedulable);
  const region = mostCommon(ready.map((node) => node.region));
  const zones = ready.filter((node) => node.region === region).map((node) => node.zone);
  const zone = mostCommon(zones);
  const missing = (label: string) => ({
    reason: `a ready node with the label topology.kubernetes.io/${label} was not found`,
  });
  const several = [...new Set(ready.map((node) => `${node.region}/${node.zone}`))].sort();
  return {
    region: region === undefined ? missing('region') : { value: region },
    zone: zone === undefined ? missing('zone') : { value: zone },
    ...(several.length > 1 && { note: `The nodes are in several zones: ${several.join(', ')}.` }),
  };
}

function mostCommon(values: readonly string[]): string | undefined {
  const groups = [
    ...Map.groupBy(
      values.filter((one) => one !== ''),
      (one) => one,
    ),
  ];
  return groups.toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0];
}

function revisionNotes({ installs }: ClusterObjects): string[] {
  const named = installs.map(({ revision }) => revision).filter((one) => one !== 'default');
  if (named.length === 0) return [];
  const all = [...new Set(installs.map(({ revision }) => revision))].join(', ');
  return [`Istio revisions: ${all}. To use one, deploy with \`meshproof deploy --revision ${named[0]}\`.`];
}
