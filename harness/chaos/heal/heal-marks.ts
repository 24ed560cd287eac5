import { settleAll } from '../../base/settle-all.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { deploymentMarks } from '../marks/deployments.ts';
import { keptObjectMarks } from '../marks/kept-objects.ts';
import { MarkHealing, type Mark, type MarkPolicy } from '../marks/mark.ts';
import { nodeMarks } from '../marks/nodes.ts';
import { namespacesOf } from '../marks/scope.ts';
import { issuedMarks, secretMarks } from '../marks/secrets.ts';
import { unhealthyPodMarks } from '../marks/unhealthy-pods.ts';
import { namespaceMarks, testObjectMarks, versions } from '../marks/test-objects.ts';
import { awaitPods } from '../scale.ts';

/**
 * Heals the leftovers in a cluster by their marks: objects that tests applied, changed numbers of pods and templates,
 * unhealthy pods, changed or deleted Secrets, nodes without their region. A mark is a hint: it is used when this
 * machine signed it (harness/mesh/mark-signature.ts), or when a person trusts it. All other marks are reported.
 *
 * @returns the healed leftovers, a line each; empty if this machine left no mark.
 * @throws ChangedSince that names the objects that somebody has changed since, or an error with all failures, after
 * the rest was healed.
 */
export async function healMarks(mesh: Mesh, cluster: MeshCluster, policy: MarkPolicy): Promise<string[]> {
  const { rootNamespace } = mesh.file;
  const namespaces = namespacesOf(mesh, cluster);
  const healing = new MarkHealing(policy);
  const healAll = async (find: () => Promise<Mark[]>): Promise<string[]> =>
    (await healing.attempt(async () => healing.heal(await find()))) ?? [];
  const healDeployments = (namespace: string): Promise<string[]> =>
    healing.attempt(() => healEach(cluster, namespace, healing)).then((healed) => healed ?? []);
  // Before objects of tests are removed: an object that they replaced is restored first.
  const restored = await healAll(() => keptObjectMarks(cluster, rootNamespace, namespaces));
  const removed = await settleAll([
    ...versions.map((version) => healAll(() => testObjectMarks(cluster, namespaces, version))),
    healAll(() => namespaceMarks(cluster)),
    healAll(() => nodeMarks(cluster)),
    // Before pods are restarted: they get certificates from the restored authority.
    healAll(() => secretMarks(cluster, rootNamespace)),
    ...namespaces.map((namespace) => healAll(() => issuedMarks(cluster, namespace))),
  ]);
  const changed = await settleAll(namespaces.map(healDeployments));
  const well = await healAll(() => unhealthyPodMarks(cluster));
  healing.throwFailures();
  return [...restored, ...removed.flat(), ...changed.flat(), ...well];
}

/** Heals the Deployments of a namespace side by side, because each waits for its pods. */
async function healEach(cluster: MeshCluster, namespace: string, healing: MarkHealing): Promise<string[]> {
  const found = await deploymentMarks(cluster, namespace);
  const healed = found.map(async ({ deployment, marks }) => {
    const lines = await healing.heal(marks);
    if (lines.length > 0) await healing.attempt(() => awaitPods(cluster, deployment));
    return lines;
  });
  return (await settleAll(healed)).flat();
}
