import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import { testScope } from '../mesh/apply.ts';
import type { Mesh, MeshCluster } from '../mesh/attach.ts';
import { deleteIfThere } from '../mesh/cluster-api.ts';
import { settleAll } from '../settle-all.ts';
import { healPod, sickLabel } from './sick-pod.ts';
import { regionAnnotation, setRegion } from './clusters/region-labels-lost.ts';
import { revokedAnnotation, setRevoked } from './discovery/remote-secret-revoked.ts';
import { issuedLabel, keptLabel, putSecretBack } from './kept-secret.ts';
import { healKeptObjects } from './objects/kept-objects.ts';
import { awaitPods, beforeAnnotation, putBack as scaleBack } from './scale.ts';
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

/** By this label they are found. */
export const selector = Object.entries(testScope)
  .map(([name, value]) => `${name}=${value}`)
  .join(',');

/**
 * Takes away what was left in one cluster, by its marks: objects that tests applied, numbers of pods and templates that were
 * changed, pods that were made sick, Secrets that were changed or taken away, nodes without their region. Every mark is in
 * the cluster itself, so that any machine can heal.
 *
 * @returns what was healed, a line each; empty for a cluster in order.
 * @throws Error when the cluster refuses; what was healed before stays healed.
 */
export async function healMarks(mesh: Mesh, cluster: MeshCluster): Promise<string[]> {
  const namespaces = [...new Set([cluster.namespace, mesh.file.rootNamespace])];
  // Before what tests applied is removed: what was replaced is put back.
  const putBack = await healKeptObjects(cluster, mesh.file.rootNamespace);
  const removed = await settleAll(
    namespaces.flatMap((namespace) =>
      kinds.map(([apiVersion, kind]) => removeLeft(cluster, namespace, apiVersion, kind)),
    ),
  );
  // Before pods are made anew: they are to get their certificates from the authority as it was.
  const secrets = await healSecrets(cluster, namespaces, mesh.file.rootNamespace);
  const changed = await settleAll(namespaces.map((namespace) => healDeployments(cluster, namespace)));
  return [
    ...putBack,
    ...removed.flat(),
    ...(await removeNamespaces(cluster)),
    ...changed.flat(),
    ...secrets,
    ...(await healNodes(cluster)),
    ...(await healSick(cluster)),
  ];
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

async function healDeployments(cluster: MeshCluster, namespace: string): Promise<string[]> {
  const { items } = await cluster.api.apps.listNamespacedDeployment({ namespace });
  const healed = await settleAll(items.map((one) => healDeployment(cluster, namespace, one)));
  return healed.flat();
}

async function healDeployment(
  cluster: MeshCluster,
  namespace: string,
  { metadata, spec }: V1Deployment,
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
    await scaleBack(cluster, { namespace, name }, Number(before));
    healed.push(`${cluster.name}: gave ${namespace}/${name} its ${before} pods back`);
  }
  if (healed.length > 0) await awaitPods(cluster, { namespace, name });
  return healed;
}

/** Remote secrets without their label, Secrets whose content was kept, and tokens and copies that were made. */
async function healSecrets(
  cluster: MeshCluster,
  namespaces: readonly string[],
  namespace: string,
): Promise<string[]> {
  const { items } = await cluster.api.core.listNamespacedSecret({ namespace });
  const named = items.map((one) => ({ name: one.metadata?.name ?? '', ...one }));
  const revoked = named.filter(({ metadata }) => metadata?.annotations?.[revokedAnnotation] !== undefined);
  const kept = items.flatMap(({ metadata }) => metadata?.labels?.[keptLabel] ?? []);
  for (const { name } of revoked) await setRevoked(cluster, namespace, name, null);
  for (const name of kept) await putSecretBack(cluster, namespace, name);
  return [
    ...revoked.map(({ name }) => `${cluster.name}: gave Secret ${namespace}/${name} its label back`),
    ...kept.map((name) => `${cluster.name}: put back what Secret ${namespace}/${name} held`),
    ...(await settleAll(namespaces.map((one) => removeIssued(cluster, one)))).flat(),
  ];
}

async function removeIssued({ name: of, api }: MeshCluster, namespace: string): Promise<string[]> {
  const { items } = await api.core.listNamespacedSecret({ namespace, labelSelector: issuedLabel });
  const names = items.map(({ metadata }) => metadata?.name ?? '');
  for (const name of names) await deleteIfThere(() => api.core.deleteNamespacedSecret({ namespace, name }));
  return names.map((name) => `${of}: removed the token in Secret ${namespace}/${name}`);
}

async function healNodes(cluster: MeshCluster): Promise<string[]> {
  const { items } = await cluster.api.core.listNode();
  const lost = items.flatMap(({ metadata }) => {
    const region = metadata?.annotations?.[regionAnnotation];
    return region === undefined ? [] : [{ name: metadata?.name ?? '', region }];
  });
  for (const { name, region } of lost) await setRegion(cluster, name, region, null);
  return lost.map(({ name, region }) => `${cluster.name}: gave node ${name} its region ${region} back`);
}

async function healSick(cluster: MeshCluster): Promise<string[]> {
  const sick = await cluster.findPods({ namespace: cluster.namespace, labels: { [sickLabel]: 'true' } });
  for (const pod of sick) await healPod(cluster, pod);
  return sick.map(({ name }) => `${cluster.name}: made pod ${name} well`);
}
