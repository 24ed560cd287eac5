import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'DIS-01',
    level: 'core',
    gate: 'tried',
    references: [
      'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/',
      'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/',
    ],
    disturbs: 'nothing',
    // Counts the pods of every service: no other promise may change those of catalog at the same time.
    lock: 'catalog',
  },
  'Every istiod is synced with every remote cluster.',
  async ({ mesh, probes }, testInfo) => {
    const primaries = mesh.clusters.filter(({ file }) => file.role === 'primary');
    test.skip(mesh.clusters.length < 2, 'The mesh has one cluster only.');
    test.skip(primaries.length === 0, 'No cluster of the mesh file runs its own istiod.');

    const judgements = await verdict.judgeEach(
      primaries,
      ({ name }) => `istiods of ${name}`,
      async (cluster) => {
        const calls = await callAcross(mesh, probes.all, cluster);
        const istiods = await meshes.istiodsOf(cluster, mesh.file.rootNamespace);
        await using stack = new AsyncDisposableStack();
        for (const istiod of istiods) stack.use(istiod);
        return await verdict.judgeEach(
          istiods.flatMap((istiod) => mesh.others(cluster.name).map((remote) => ({ istiod, remote }))),
          ({ istiod, remote }) => `istiod ${cluster.name}/${istiod.pod.name}→${remote.name}`,
          async ({ istiod, remote }) => {
            const seen = await meshes.observeSync(mesh, cluster, remote, istiod);
            const called = calls[remote.name];
            return verdict.judgeSync(remote.name, {
              ...seen,
              ...(called ? { traffic: called } : {}),
            });
          },
        );
      },
    );
    holdAll(testInfo, judgements);
  },
);

/** Calls from a cluster to services that run in exactly one other cluster, by that cluster. */
async function callAcross(
  mesh: meshes.Mesh,
  callers: readonly traffic.Caller[],
  { name }: meshes.MeshCluster,
) {
  const caller = callers.find(({ cluster }) => cluster.name === name);
  if (!caller) return {};
  const atLeast = verdict.requestsToSeeFailures();
  const calls = meshes.crossings(mesh.file, name).map(async ({ cluster, service }) => {
    const send = async () => traffic.recordOf(await caller.call(service));
    return [
      cluster,
      { service, atLeast, timeline: await traffic.recordCount({ send, count: atLeast }) },
    ] as const;
  });
  return Object.fromEntries(await Promise.all(calls));
}
