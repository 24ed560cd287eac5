import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

const { serve } = meshes.workloadPorts;

promise(
  {
    id: 'CON-05',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/',
    ],
    disturbs: 'nothing',
  },
  'Pods of one network cannot reach pods of another directly.',
  async ({ mesh, plain }, testInfo) => {
    const directions = plain.all.flatMap((caller) =>
      mesh.clusters
        .filter(({ file }) => file.network !== caller.cluster.file.network)
        .map((target) => ({ caller, target })),
    );
    test.skip(directions.length === 0, 'All clusters of the mesh are on one network.');

    const judgements = await verdict.judgeEach(
      directions,
      ({ caller, target }) => `${caller.cluster.name}→${target.name}`,
      async ({ caller, target }) => {
        // The control is a pod without a sidecar: it answers every caller, but a sidecar could refuse the call.
        const own = await caller.cluster.readyPod(meshes.plainProbe);
        const control = traffic.recordOf(await caller.callAddress(own.ip, serve));
        const attempts = await tryAll(mesh, caller, target);
        return verdict.judgeIsolation({ cluster: target.name, control, attempts });
      },
    );
    holdAll(testInfo, judgements);
  },
);

/** Calls the address of every meshproof pod in a cluster once, with or without a sidecar. */
async function tryAll(
  mesh: meshes.Mesh,
  caller: traffic.Caller,
  target: meshes.MeshCluster,
): Promise<verdict.DirectAttempt[]> {
  const labels = { 'app.kubernetes.io/managed-by': 'meshproof' };
  const sameNetwork = mesh.clusters.filter(({ file }) => file.network === caller.cluster.file.network);
  // Pods of all namespaces count: an ingress gateway answers at the same port.
  const here = await Promise.all(sameNetwork.map((cluster) => cluster.podAddresses()));
  const isHere = (ip: string, { origin }: traffic.RequestRecord) =>
    here.some((addresses) => addresses.has(ip)) || sameNetwork.some(({ name }) => name === origin?.cluster);
  const there = await target.findPods({ labels });
  return Promise.all(
    there
      .filter(({ ready }) => ready)
      .map(async ({ ip }) => {
        const record = traffic.recordOf(await caller.callAddress(ip, serve));
        return { address: ip, alsoHere: isHere(ip, record), record };
      }),
  );
}
