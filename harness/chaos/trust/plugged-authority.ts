import { settleAll } from '../../base/settle-all.ts';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { loadTopology } from '../../config/load.ts';
import { stateFolder } from '../../config/state.ts';
import type { Topology } from '../../config/topology.ts';
import { plainProbe } from '../../config/workload-names.ts';
import { mark } from '../../kube/cluster-api.ts';
import type { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { Caller } from '../../traffic/caller.ts';
import { type ClusterTrust, readTrust, shownBy } from '../../traffic/read-trust.ts';
import type { Authority, KeyType } from '../../x509/authorities.ts';
import { authoritiesFile, readKept } from '../../x509/kept-authorities.ts';
import { issuerIn } from '../../x509/pem.ts';
import { FaultUnavailable } from '../fault.ts';
import { awaitPods, type DeploymentRef, killPods } from '../scale.ts';
import { restart } from '../template.ts';

/** Istio's plug-in CA (https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/). */
export const caSecret = 'cacerts';

/** The root of a lab, which signs new intermediates, and the trust settings of its topology. */
export interface LabTrust {
  root: Authority;
  trust: Topology['trust'];
}

/**
 * Reads the root of a lab from its folder. Throws FaultUnavailable without a root: the creators of the mesh have it.
 */
export async function labTrust({ file }: Mesh): Promise<LabTrust> {
  const kept = file.lab && (await readKept(authoritiesFile(stateFolder(file))));
  if (!file.lab || !kept)
    throw new FaultUnavailable(
      `The folder ${stateFolder(file)} does not hold a root key, so an intermediate cannot be signed. Use a lab that meshproof made.`,
    );
  return { root: kept.authorities.root, trust: loadTopology(file.lab.topology).trust };
}

/** The replaced data of a `cacerts` Secret, as base64. */
export const caData = (
  intermediate: Authority,
  issuer: Pick<Authority, 'certificate'>,
  roots: readonly Pick<Authority, 'certificate'>[],
): Record<string, string> =>
  encoded({
    'ca-cert.pem': intermediate.certificate,
    'ca-key.pem': intermediate.key,
    'root-cert.pem': roots.map(({ certificate }) => certificate).join(''),
    'cert-chain.pem': intermediate.certificate + issuer.certificate,
  });

/** Texts as the data of a Secret. */
export const encoded = (texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

/** The type of key and the life of an intermediate of the lab. */
export const intermediateSpec = ({ trust }: LabTrust): { key: KeyType; validDays: number } =>
  trust.intermediate;

/**
 * Makes the kubelets deliver a changed Secret to the pods of istiod at once, by a change of the pods. Istiod then
 * reloads it.
 */
export async function hurryMounts(mesh: Mesh, cluster: MeshCluster): Promise<void> {
  const namespace = mesh.file.rootNamespace;
  for (const { name } of await cluster.findPods({ namespace, labels: { app: 'istiod' } })) {
    const annotations = { 'meshproof.dev/changed-at': new Date().toISOString() };
    await mark(cluster.api, { apiVersion: 'v1', kind: 'Pod', namespace, name }, { annotations });
  }
}

/** The Deployments with a certificate of the mesh: those with a sidecar, and the gateways, but not istiod. */
async function certified(mesh: Mesh, cluster: MeshCluster): Promise<DeploymentRef[]> {
  const namespaces = [...new Set([cluster.namespace, mesh.file.rootNamespace])];
  const found = namespaces.map(async (namespace) => {
    const { items } = await whileWaiting(() => cluster.api.apps.listNamespacedDeployment({ namespace }));
    return items
      .filter(({ spec }) => spec?.template.metadata?.labels?.['sidecar.istio.io/inject'] !== 'false')
      .filter(({ spec }) => spec?.template.metadata?.labels?.['app'] !== 'istiod')
      .map(({ metadata }) => ({ namespace, name: metadata?.name ?? '' }));
  });
  return (await Promise.all(found)).flat();
}

/** Restarts all pods with a certificate, so that they request another, and waits; `null` as in {@link restart}. */
export async function renewCertificates(
  mesh: Mesh,
  cluster: MeshCluster,
  by: string | null,
): Promise<string[]> {
  const deployments = await certified(mesh, cluster);
  await settleAll(deployments.map((one) => restart(cluster, one, by)));
  await settleAll(deployments.map((one) => awaitPods(cluster, one)));
  return deployments.map(({ name }) => name);
}

/** Deletes the pods of meshproof with a certificate of another intermediate, and waits for their successors. */
export async function replaceOthers(mesh: Mesh, cluster: MeshCluster, issuer: string): Promise<void> {
  const { workloads } = await trustShown(mesh, cluster);
  // A pod without a certificate gets one of the present authority.
  const others = workloads.filter(({ chain }) => !['', issuer].includes(issuerIn(chain)));
  if (others.length === 0) return;
  const shown = new Set(others.map(({ who }) => who));
  const pods = await cluster.findPods({ namespace: cluster.namespace, labels: {} });
  await killPods(
    cluster,
    pods.filter((pod) => shown.has(shownBy(cluster, pod))),
    {},
  );
  await settleAll((await certified(mesh, cluster)).map((one) => awaitPods(cluster, one)));
}

/** Restarts the pods of istiod and waits, because istiod does not reload roots. */
export async function restartIstiod(mesh: Mesh, cluster: MeshCluster, by: string | null): Promise<void> {
  const namespace = mesh.file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.apps.listNamespacedDeployment({ namespace, labelSelector: 'app=istiod' }),
  );
  const deployments = items.map(({ metadata }) => ({ namespace, name: metadata?.name ?? '' }));
  await settleAll(deployments.map((one) => restart(cluster, one, by)));
  await settleAll(deployments.map((one) => awaitPods(cluster, one)));
}

/** The trust of a cluster in TLS handshakes, from a workload without a sidecar. */
export async function trustShown(mesh: Mesh, cluster: MeshCluster): Promise<ClusterTrust> {
  await using observer = new Caller(cluster, plainProbe);
  return await readTrust(mesh, observer);
}

/** Waits until the trust of a cluster is as expected. */
export async function awaitTrust(
  mesh: Mesh,
  cluster: MeshCluster,
  isAsWanted: (trust: ClusterTrust) => boolean,
  what: string,
  withinMs: number,
): Promise<ClusterTrust> {
  let shown: ClusterTrust | undefined;
  const look = async () => isAsWanted((shown = await trustShown(mesh, cluster)));
  await waitUntil(look, `${what} in ${cluster.name}`, withinMs);
  if (!shown) throw new Error(`Cluster ${cluster.name} did not answer TLS handshakes. Check its istiod.`);
  return shown;
}
