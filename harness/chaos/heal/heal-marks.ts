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
 * Heals what was left in one cluster, by its marks: objects that tests applied, numbers of pods and templates that were
 * changed, pods that were made sick, Secrets that were changed or deleted, nodes without their region. A mark is a hint: it is
 * acted on when this machine signed it (harness/mesh/mark-signature.ts), or when a person trusts it. The others are reported.
 *
 * @returns what was healed, a line each; empty when no mark of this machine was there.
 * @throws ChangedSince that names what somebody has changed since, or an error with all failures, when all the rest was healed.
 */
export async function healMarks(mesh: Mesh, cluster: MeshCluster, policy: MarkPolicy): Promise<string[]> {
  const { rootNamespace } = mesh.file;
  const namespaces = namespacesOf(mesh, cluster);
  const healing = new MarkHealing(policy);
  const healAll = async (find: () => Promise<Mark[]>): Promise<string[]> =>
    (await healing.attempt(async () => healing.heal(await find()))) ?? [];
  const healDeployments = (namespace: string): Promise<string[]> =>
    healing.attempt(() => healEach(cluster, namespace, healing)).then((healed) => healed ?? []);
  // Before what tests applied is removed: what was replaced is restored.
  const restored = await healAll(() => keptObjectMarks(cluster, rootNamespace, namespaces));
  const removed = await settleAll([
    ...versions.map((version) => healAll(() => testObjectMarks(cluster, namespaces, version))),
    healAll(() => namespaceMarks(cluster)),
    healAll(() => nodeMarks(cluster)),
    // Before pods are made anew: they are to get their certificates from the authority as it was.
    healAll(() => secretMarks(cluster, rootNamespace)),
    ...namespaces.map((namespace) => healAll(() => issuedMarks(cluster, namespace))),
  ]);
  const changed = await settleAll(namespaces.map(healDeployments));
  const well = await healAll(() => unhealthyPodMarks(cluster));
  healing.throwFailures();
  return [...restored, ...removed.flat(), ...changed.flat(), ...well];
}

/** The Deployments of a namespace, side by side: each waits for its pods. */
async function healEach(cluster: MeshCluster, namespace: string, healing: MarkHealing): Promise<string[]> {
  const found = await deploymentMarks(cluster, namespace);
  const healed = found.map(async ({ deployment, marks }) => {
    const lines = await healing.heal(marks);
    if (lines.length > 0) await healing.attempt(() => awaitPods(cluster, deployment));
    return lines;
  });
  return (await settleAll(healed)).flat();
}
