/** Attacks a running mesh with forged marks: `node scripts/e2e/hostile-marks.ts <mesh.yaml>`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiException, KubeConfig, type KubernetesObject } from '#kubernetes-client';
import { hostileLeftovers, type Leftover, type Places } from '../../harness/chaos/marks/hostile-sample.ts';
import { asWritten } from '../../harness/chaos/objects/comparison.ts';
import { keepObjects } from '../../harness/chaos/objects/kept-objects.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { stateFolder } from '../../harness/config/state.ts';
import {
  applyAll,
  deleteIfThere,
  mark,
  openClusterApi,
  type ClusterApi,
} from '../../harness/kube/cluster-api.ts';
import { attach, type MeshCluster } from '../../harness/mesh/attach.ts';
import { signed, type MarkKind, type MarkedObject } from '../../harness/mesh/mark-signature.ts';
import { testScope } from '../../harness/workloads/apply.ts';
import { meshproof } from './cli.ts';

const attacker = 'meshproof-attacker';
const foreign = 'meshproof-hostile-team';
const deployment = 'meshproof-hostile';

/** Objects that a successful attack changes, compared before and after: apiVersion and kind. */
const compared = [
  ['v1', 'Namespace'],
  ['v1', 'Node'],
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'ServiceAccount'],
  ['apps/v1', 'Deployment'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'],
  ['networking.istio.io/v1', 'Gateway'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'DestinationRule'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['security.istio.io/v1', 'PeerAuthentication'],
] as const;

/** Keys of labels and annotations that Kubernetes and Istio change. */
const volatile = /leader|legacy-token-last-used|node\.alpha|volumes\.kubernetes/;

/**
 * Plants hostile leftovers in the first cluster of a mesh, as an account that may write ConfigMaps, Secrets and the metadata of
 * Deployments, nodes, pods and namespaces, and genuine signatures on other objects. Then heals, and compares all
 * objects. Removes its leftovers, and expects an empty report.
 *
 * @throws AssertionError if a right, object or file changed, or if a leftover is not reported.
 */
export async function assertHostileMarksChangeNothing(meshFile: string): Promise<void> {
  const file = loadMeshFile(meshFile);
  await using mesh = attach(file);
  const [west, east] = mesh.clusters;
  assert.ok(west && east, 'the attack moves marks between two clusters');
  const { rootNamespace } = file;
  const { items: nodes } = await west.api.core.listNode();
  const node = nodes[0]?.metadata?.name ?? '';
  const places = { rootNamespace, workloads: file.namespace, foreign, deployment, node, pod: deployment };
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-attacker-'));
  const planted = [...hostileLeftovers(places), ...(await movedMarks(west, rootNamespace, file.namespace))];
  try {
    for (const cluster of [west, east]) await applyAll(cluster.api, victims(places, cluster));
    const attack = await attackerIn(west, folder);
    await assertPowerless(attack);
    for (const one of planted) await plant(attack, one);
    for (const one of await movedFrom(west, rootNamespace)) await plant(east.api, one);
    await plantOldCopy(west, attack, rootNamespace);
    const before = await Promise.all([west, east].map(objectsOf));
    const files = filesOf(stateFolder(file));
    const { code, stdout, stderr } = await meshproof('heal', '--mesh', meshFile, '--json');
    assert.equal(code, 2, stderr);
    assert.deepEqual(await Promise.all([west, east].map(objectsOf)), before);
    assert.deepEqual(filesOf(stateFolder(file)), files);
    assertReported(stdout, planted);
  } finally {
    for (const cluster of [west, east]) await cleanUp(cluster, places, planted);
    rmSync(folder, { recursive: true });
  }
  const again = await meshproof('heal', '--mesh', meshFile);
  assert.equal(again.code, 0, again.stderr);
}

function assertReported(stdout: string, planted: readonly Leftover[]): void {
  const { healed, refused } = JSON.parse(stdout) as { healed: string[]; refused: Record<string, string>[] };
  assert.deepEqual(healed, []);
  const lines = refused.map(
    ({ where, object, asks, reason, advice }) =>
      `${where}: ${object} asks to ${asks}: not done, because ${reason}. ${advice}`,
  );
  for (const { title, reported } of planted)
    assert.ok(
      lines.some((line) => reported.test(line)),
      `${title} is reported:\n${lines.join('\n')}`,
    );
  console.log(`${planted.length} hostile leftovers planted, ${lines.length} reported, nothing changed`);
}

/** Objects that do not belong to meshproof: a namespace, a Deployment without pods in three namespaces, a pod that never runs. */
function victims({ rootNamespace, workloads, pod }: Places, cluster: MeshCluster): KubernetesObject[] {
  const readinessProbe = { tcpSocket: { port: 1 } };
  const labels = { app: deployment, 'sidecar.istio.io/inject': 'false' };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'c', image: 'none', readinessProbe }] },
  };
  const spec = { replicas: 0, selector: { matchLabels: { app: deployment } }, template };
  const of = (namespace: string, name: string) => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name }, spec },
  });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } },
    ...[rootNamespace, workloads, foreign].map((namespace) => of(namespace, deployment)),
    of(rootNamespace, `${deployment}-2`),
    {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: workloads, name: pod, labels } },
      spec: { ...template.spec, nodeSelector: { 'meshproof.dev/none': cluster.name } },
    } as KubernetesObject,
  ];
}

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: attacker },
  rules: [
    { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['create', 'patch'] },
    { apiGroups: [''], resources: ['nodes', 'pods', 'namespaces'], verbs: ['patch'] },
    { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] },
  ],
};

/** The account of the attacker, and its API client. */
async function attackerIn({ api }: MeshCluster, folder: string): Promise<ClusterApi> {
  const account = { kind: 'ServiceAccount', namespace: 'default', name: attacker };
  await applyAll(api, [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'default', name: attacker } },
    role,
    {
      ...{ apiVersion: role.apiVersion, kind: 'ClusterRoleBinding', metadata: { name: attacker } },
      ...{ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: attacker } },
      subjects: [account],
    },
  ]);
  const body = { spec: { audiences: [], expirationSeconds: 3600 } };
  const { status } = await api.core.createNamespacedServiceAccountToken({ ...account, body });
  const config = new KubeConfig();
  const cluster = api.config.getCurrentCluster();
  assert.ok(cluster);
  config.loadFromOptions({
    ...{ clusters: [cluster], users: [{ name: attacker, token: status?.token ?? '' }] },
    contexts: [{ name: attacker, cluster: cluster.name, user: attacker }],
    currentContext: attacker,
  });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, config.exportConfig(), { mode: 0o600 });
  return openClusterApi('attacked', attacker, kubeconfig);
}

/** Checks that the account does not already have the rights that the attack tries to gain. */
async function assertPowerless({ objects }: ClusterApi): Promise<void> {
  const own = { apiVersion: role.apiVersion, kind: 'ClusterRole', metadata: { name: 'meshproof-hostile' } };
  await assert.rejects(objects.create({ ...own, rules: [] } as KubernetesObject), { code: 403 });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } };
  await assert.rejects(objects.delete(namespace), { code: 403 });
}

async function plant({ objects, ...api }: ClusterApi, { create, mark: one }: Leftover): Promise<void> {
  if (create) await objects.create(create);
  if (!one) return;
  const { apiVersion = '', kind = '', metadata = {} } = one;
  const { namespace = '', name = '', labels, annotations } = metadata;
  const marks = { ...(labels && { labels }), ...(annotations && { annotations }) };
  await mark({ objects, ...api }, { apiVersion, kind, namespace, name }, marks);
}

/** The annotations of a genuine mark, as this machine makes it for one object. */
async function genuine(
  cluster: MeshCluster,
  kind: MarkKind,
  object: MarkedObject,
  values: Record<string, string>,
): Promise<Record<string, string>> {
  return { ...values, ...(await signed(cluster, kind, object, Object.values(values))) };
}

const header = (namespace: string, name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace,
  name,
});

const replicas = (cluster: MeshCluster, namespace: string): Promise<Record<string, string>> =>
  genuine(cluster, 'replicas', header(namespace, deployment), {
    'meshproof.dev/replicas-before': '3',
    'meshproof.dev/replicas-set': '0',
  });

const onDeployment = (
  namespace: string,
  name: string,
  annotations: Record<string, string>,
): KubernetesObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name, annotations } },
});

/** Genuine marks, moved to another object, another namespace, and another kind. */
async function movedMarks(cluster: MeshCluster, root: string, workloads: string): Promise<Leftover[]> {
  const annotations = await replicas(cluster, root);
  const test = await signed(cluster, 'test-object', header(root, `${deployment}-2`), []);
  return [
    {
      title: 'a genuine mark on another object',
      mark: onDeployment(root, `${deployment}-2`, annotations),
      reported: new RegExp(
        `${deployment}-2 asks to scale it to "3" pods: not done, because it has no signature`,
      ),
    },
    {
      title: 'a genuine mark in another namespace',
      mark: onDeployment(workloads, deployment, annotations),
      reported: new RegExp(`${workloads}/${deployment} asks to scale it to "3" pods: not done`),
    },
    {
      title: 'a genuine mark of a test on another object',
      mark: {
        ...onDeployment(workloads, deployment, test),
        metadata: { namespace: workloads, name: deployment, labels: testScope, annotations: test },
      },
      reported: new RegExp(`${workloads}/${deployment} asks to delete it as an object of a test: not done`),
    },
  ];
}

/** A genuine mark of one cluster, on the same object of another. */
const movedFrom = async (cluster: MeshCluster, root: string): Promise<Leftover[]> => [
  {
    title: 'a genuine mark of another cluster',
    mark: onDeployment(root, deployment, await replicas(cluster, root)),
    reported: /./,
  },
];

/** A genuine copy of objects, recreated after its deletion: healing from it would delete the istiod of a cluster. */
async function plantOldCopy(cluster: MeshCluster, attack: ClusterApi, namespace: string): Promise<void> {
  const istiod = { header: header(namespace, 'istiod'), object: null };
  const name = 'meshproof-kept-objects-oldcopy1';
  await keepObjects(cluster, namespace, 'oldcopy1', [istiod]);
  const found = await cluster.api.core.readNamespacedConfigMap({ namespace, name });
  await cluster.api.core.deleteNamespacedConfigMap({ namespace, name });
  const { labels = {}, annotations = {} } = found.metadata ?? {};
  await attack.core.createNamespacedConfigMap({
    namespace,
    body: { ...(found.data && { data: found.data }), metadata: { namespace, name, labels, annotations } },
  });
}

/** The compared objects of a cluster, without generated fields, by kind and name. */
async function objectsOf({ name: cluster, api }: MeshCluster): Promise<Record<string, string>> {
  const found = compared.map(async ([apiVersion, kind]) => {
    const { items } = await api.objects.list(apiVersion, kind);
    return items.map(({ metadata, ...rest }) => {
      const steady = (of: Record<string, string> = {}) =>
        Object.fromEntries(Object.entries(of).filter(([key]) => !volatile.test(key)));
      const [labels, annotations] = [steady(metadata?.labels), steady(metadata?.annotations)];
      const object = asWritten({ ...rest, metadata: { ...metadata, labels, annotations } });
      const name = `${cluster}: ${kind} ${metadata?.namespace ?? ''}/${metadata?.name} ${metadata?.uid}`;
      return [name, JSON.stringify(object)] as const;
    });
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** The files of a mesh, without those of the lock, which change. */
const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('lock'))
    .sort();

async function cleanUp({ api }: MeshCluster, places: Places, planted: readonly Leftover[]): Promise<void> {
  const created = planted.flatMap(({ create }) => (create ? [create] : []));
  const rbac = ['ClusterRoleBinding', 'ClusterRole'].map((kind) => ({
    ...{ apiVersion: role.apiVersion, kind, metadata: { name: attacker } },
  }));
  const inNamespace = (kind: string, namespace: string, name: string) => ({
    ...{ apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, metadata: { namespace, name } },
  });
  const { rootNamespace, workloads, pod, node } = places;
  const objects = [
    ...[...created, ...rbac],
    inNamespace('ConfigMap', rootNamespace, 'meshproof-kept-objects-oldcopy1'),
    inNamespace('ServiceAccount', 'default', attacker),
    ...[rootNamespace, workloads].map((one) => inNamespace('Deployment', one, deployment)),
    inNamespace('Deployment', rootNamespace, `${deployment}-2`),
    inNamespace('Pod', workloads, pod),
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: foreign } },
  ];
  for (const one of objects) await deleteIfThere(() => api.objects.delete(one));
  const none = { 'meshproof.dev/replicas-before': null, 'meshproof.dev/readiness-before': null };
  await mark(api, header(rootNamespace, 'istiod'), { annotations: none });
  const nodeMark = { annotations: { 'meshproof.dev/region-before': null } };
  await unlessAbsent(mark(api, { apiVersion: 'v1', kind: 'Node', namespace: '', name: node }, nodeMark));
}

/** The node of one cluster does not exist in the other. */
const unlessAbsent = (marking: Promise<void>): Promise<void> =>
  marking.catch((error: unknown) => {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  });

if (import.meta.main) await assertHostileMarksChangeNothing(process.argv[2] ?? '');
