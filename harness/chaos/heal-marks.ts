import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { testScope } from '../mesh/apply.ts';
import type { Mesh, MeshCluster } from '../mesh/attach.ts';
import { deleteIfThere } from '../mesh/cluster-api.ts';
import { selectorOf } from '../mesh/label-selector.ts';
import { settleAll } from '../settle-all.ts';
import { ChangedSince, throwLeft } from './changed-since.ts';
import { healPod, sickLabel } from './sick-pod.ts';
import { giveRegionBack, regionAnnotation } from './clusters/region-labels-lost.ts';
import { revokedAnnotation, setRevoked } from './discovery/remote-secret-revoked.ts';
import { issuedLabel, keptLabel, putSecretBack } from './kept-secret.ts';
import { wordHeader } from './objects/edits.ts';
import { healKeptObjects } from './objects/kept-objects.ts';
import { awaitPods, beforeAnnotation, healReplicas } from './scale.ts';
import { readinessAnnotation, restart, restartAnnotation, setReadiness, type Readiness } from './template.ts';

/** What suites apply: apiVersion and kind, those first that act on traffic. */
export const kinds = [
  ['networking.istio.io/v1', 'DestinationRule'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'ServiceEntry'],
  ['networking.istio.io/v1', 'Gateway'],
  ['networking.istio.io/v1', 'Sidecar'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['security.istio.io/v1', 'PeerAuthentication'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'ConfigMap'],
  ['v1', 'ServiceAccount'],
] as const;

const versions = [...new Set(kinds.map(([apiVersion]) => apiVersion))];

/** By this label they are found. */
export const selector = selectorOf(testScope);

/** The namespaces of a cluster in which faults act, each once: a mesh file may put the east-west gateway into one of its own. */
export const namespacesOf = ({ file: { rootNamespace } }: Mesh, cluster: MeshCluster): string[] => [
  ...new Set([cluster.namespace, rootNamespace, cluster.file.eastWestGateway?.namespace ?? rootNamespace]),
];

/**
 * Takes away what was left in one cluster, by its marks: objects that tests applied, numbers of pods and templates that were
 * changed, pods that were made sick, Secrets that were changed or taken away, nodes without their region. Every mark is in
 * the cluster itself, so that any machine can heal.
 *
 * @returns what was healed, a line each; empty for a cluster in order.
 * @throws Error when the cluster refuses; what was healed before stays healed. Error that names what somebody has changed since,
 *   when all the rest was healed.
 */
export async function healMarks(mesh: Mesh, cluster: MeshCluster): Promise<string[]> {
  const { rootNamespace } = mesh.file;
  const namespaces = namespacesOf(mesh, cluster);
  // Before what tests applied is removed: what was replaced is put back.
  const objects = await healKeptObjects(cluster, rootNamespace);
  const left = [...objects.left];
  const removed = await settleAll([
    ...versions.map((version) => removeAllLeft(cluster, namespaces, version)),
    removeNamespaces(cluster),
    healNodes(cluster, left),
    // Before pods are made anew: they are to get their certificates from the authority as it was.
    healSecrets(cluster, namespaces, rootNamespace, left),
  ]);
  const changed = await settleAll(namespaces.map((namespace) => healDeployments(cluster, namespace, left)));
  const healed = [
    ...objects.back.map((header) => `${cluster.name}: put ${wordHeader(header)} back as it was`),
    ...removed.flat(),
    ...changed.flat(),
    ...(await healSick(cluster)),
  ];
  throwLeft(left);
  return healed;
}

/** Puts something back; what somebody has changed since is noted among what is left, and the rest goes on. */
async function unlessChanged(
  left: ChangedSince[],
  act: () => Promise<unknown>,
  line: string,
): Promise<string[]> {
  try {
    await act();
    return [line];
  } catch (error) {
    if (!(error instanceof ChangedSince)) throw error;
    left.push(error);
    return [];
  }
}

/** All that tests applied of one API version, in turn: client-node asks a server once what the version has, if it is not asked at once. */
async function removeAllLeft(
  cluster: MeshCluster,
  namespaces: readonly string[],
  version: string,
): Promise<string[]> {
  const removed: string[] = [];
  for (const [apiVersion, kind] of kinds.filter(([of]) => of === version))
    for (const namespace of namespaces)
      removed.push(...(await removeLeft(cluster, namespace, apiVersion, kind)));
  return removed;
}

async function removeLeft(
  cluster: MeshCluster,
  namespace: string,
  apiVersion: string,
  kind: string,
): Promise<string[]> {
  const { objects } = cluster.api;
  const found = await objects.list(
    apiVersion,
    kind,
    namespace,
    undefined,
    undefined,
    undefined,
    undefined,
    selector,
  );
  for (const { metadata } of found.items) {
    const object: KubernetesObject = {
      apiVersion,
      kind,
      metadata: { name: metadata?.name ?? '', namespace },
    };
    await deleteIfThere(() =>
      objects.delete(object, undefined, undefined, undefined, undefined, 'Background'),
    );
  }
  return found.items.map(({ metadata }) => `${cluster.name}: removed ${kind} ${namespace}/${metadata?.name}`);
}

async function removeNamespaces(cluster: MeshCluster): Promise<string[]> {
  const { items } = await cluster.api.core.listNamespace({ labelSelector: selector });
  const names = items.map(({ metadata }) => metadata?.name ?? '');
  for (const name of names) await deleteIfThere(() => cluster.api.core.deleteNamespace({ name }));
  return names.map((name) => `${cluster.name}: removed Namespace ${name}`);
}

async function healDeployments(
  cluster: MeshCluster,
  namespace: string,
  left: ChangedSince[],
): Promise<string[]> {
  const { items } = await cluster.api.apps.listNamespacedDeployment({ namespace });
  const healed = await settleAll(items.map((one) => healDeployment(cluster, namespace, one, left)));
  return healed.flat();
}

async function healDeployment(
  cluster: MeshCluster,
  namespace: string,
  { metadata, spec }: V1Deployment,
  left: ChangedSince[],
): Promise<string[]> {
  const name = metadata?.name ?? '';
  const healed: string[] = [];
  const readiness = metadata?.annotations?.[readinessAnnotation];
  if (readiness !== undefined) {
    await setReadiness(cluster, { namespace, name }, JSON.parse(readiness) as Readiness, null);
    healed.push(`${cluster.name}: had the pods of ${namespace}/${name} asked for readiness as before`);
  }
  if (spec?.template.metadata?.annotations?.[restartAnnotation] !== undefined) {
    await restart(cluster, { namespace, name }, null);
    healed.push(`${cluster.name}: took the mark of a restart off ${namespace}/${name}`);
  }
  const before = metadata?.annotations?.[beforeAnnotation];
  if (before !== undefined) {
    const back = () => healReplicas(cluster, { namespace, name }, Number(before));
    const line = `${cluster.name}: gave ${namespace}/${name} its ${before} pods back`;
    healed.push(...(await unlessChanged(left, back, line)));
  }
  if (healed.length > 0) await awaitPods(cluster, { namespace, name });
  return healed;
}

/** Remote secrets without their label, Secrets whose content was kept, and tokens and copies that were made. */
async function healSecrets(
  cluster: MeshCluster,
  namespaces: readonly string[],
  namespace: string,
  left: ChangedSince[],
): Promise<string[]> {
  const { items } = await cluster.api.core.listNamespacedSecret({ namespace });
  const named = items.map((one) => ({ name: one.metadata?.name ?? '', ...one }));
  const revoked = named.filter(({ metadata }) => metadata?.annotations?.[revokedAnnotation] !== undefined);
  const kept = items.flatMap(({ metadata }) => metadata?.labels?.[keptLabel] ?? []);
  for (const { name } of revoked) await setRevoked(cluster, namespace, name, null);
  const putBack = kept.map((name) => {
    const line = `${cluster.name}: put back what Secret ${namespace}/${name} held`;
    return unlessChanged(left, () => putSecretBack(cluster, namespace, name), line);
  });
  return [
    ...revoked.map(({ name }) => `${cluster.name}: gave Secret ${namespace}/${name} its label back`),
    ...(await settleAll(putBack)).flat(),
    ...(await settleAll(namespaces.map((one) => removeIssued(cluster, one)))).flat(),
  ];
}

async function removeIssued({ name: of, api }: MeshCluster, namespace: string): Promise<string[]> {
  const { items } = await api.core.listNamespacedSecret({ namespace, labelSelector: issuedLabel });
  const names = items.map(({ metadata }) => metadata?.name ?? '');
  for (const name of names) await deleteIfThere(() => api.core.deleteNamespacedSecret({ namespace, name }));
  return names.map((name) => `${of}: removed the token in Secret ${namespace}/${name}`);
}

async function healNodes(cluster: MeshCluster, left: ChangedSince[]): Promise<string[]> {
  const { items } = await cluster.api.core.listNode();
  const lost = items.flatMap(({ metadata }) => {
    const region = metadata?.annotations?.[regionAnnotation];
    return region === undefined ? [] : [{ name: metadata?.name ?? '', region }];
  });
  const given = lost.map(({ name, region }) => {
    const line = `${cluster.name}: gave node ${name} its region ${region} back`;
    return unlessChanged(left, () => giveRegionBack(cluster, name, region), line);
  });
  return (await settleAll(given)).flat();
}

async function healSick(cluster: MeshCluster): Promise<string[]> {
  const sick = await cluster.findPods({ namespace: cluster.namespace, labels: { [sickLabel]: 'true' } });
  for (const pod of sick) await healPod(cluster, pod);
  return sick.map(({ name }) => `${cluster.name}: made pod ${name} well`);
}
