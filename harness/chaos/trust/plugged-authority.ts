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

/** A lab's root, which signs new intermediates, and what its topology says of trust. */
export interface LabTrust {
  root: Authority;
  trust: Topology['trust'];
}

/** Reads the lab's root from its folder. Throws FaultUnavailable where there is none: it is with those who made the mesh. */
export async function labTrust({ file }: Mesh): Promise<LabTrust> {
  const kept = file.lab && (await readKept(authoritiesFile(stateFolder(file))));
  if (!file.lab || !kept)
    throw new FaultUnavailable(
      `There is no root key in ${stateFolder(file)}: no intermediate can be signed.`,
    );
  return { root: kept.authorities.root, trust: loadTopology(file.lab.topology).trust };
}

/** What of a `cacerts` Secret is replaced, as base64. */
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

/** Texts as a Secret's data. */
export const encoded = (texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));

/** What kind of key and how long an intermediate of the lab has. */
export const intermediateSpec = ({ trust }: LabTrust): { key: KeyType; validDays: number } =>
  trust.intermediate;

/** Has the kubelets bring a changed Secret into istiod's pods at once, by a change of the pods; istiod then reloads it. */
export async function hurryMounts(mesh: Mesh, cluster: MeshCluster): Promise<void> {
  const namespace = mesh.file.rootNamespace;
  for (const { name } of await cluster.findPods({ namespace, labels: { app: 'istiod' } })) {
    const annotations = { 'meshproof.dev/changed-at': new Date().toISOString() };
    await mark(cluster.api, { apiVersion: 'v1', kind: 'Pod', namespace, name }, { annotations });
  }
}

/** Deployments that hold a certificate of the mesh: those with a sidecar, and the gateways; not istiod. */
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

/** Makes every pod that holds a certificate anew, so that it asks for another, and waits; `null` as in {@link restart}. */
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

/** Ends the pods of ours that show a certificate of another intermediate than that one, and waits for their successors. */
export async function replaceOthers(mesh: Mesh, cluster: MeshCluster, issuer: string): Promise<void> {
  const { workloads } = await trustShown(mesh, cluster);
  // A pod that shows nothing has none yet: it gets that of the authority as it is now.
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

/** Makes istiod's pods anew and waits; needed where the roots change, which istiod does not reload. */
export async function restartIstiod(mesh: Mesh, cluster: MeshCluster, by: string | null): Promise<void> {
  const namespace = mesh.file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.apps.listNamespacedDeployment({ namespace, labelSelector: 'app=istiod' }),
  );
  const deployments = items.map(({ metadata }) => ({ namespace, name: metadata?.name ?? '' }));
  await settleAll(deployments.map((one) => restart(cluster, one, by)));
  await settleAll(deployments.map((one) => awaitPods(cluster, one)));
}

/** What a cluster shows of its trust in TLS handshakes, from a workload without a sidecar. */
export async function trustShown(mesh: Mesh, cluster: MeshCluster): Promise<ClusterTrust> {
  await using observer = new Caller(cluster, plainProbe);
  return await readTrust(mesh, observer);
}

/** Waits until what a cluster shows of its trust is as wanted. */
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
  if (!shown) throw new Error(`Cluster ${cluster.name} showed nothing of its trust.`);
  return shown;
}
