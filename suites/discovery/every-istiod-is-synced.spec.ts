import {
  crossings,
  holdAll,
  istiodsOf,
  judgeSync,
  observeSync,
  promise,
  recordCount,
  recordOf,
  requestsToSeeFailures,
  test,
  type Caller,
  type Mesh,
  type MeshCluster,
} from '../../harness/index.ts';

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

    const judgements = await Promise.all(
      primaries.map(async (cluster) => {
        const traffic = await callAcross(mesh, probes.all, cluster);
        const istiods = await istiodsOf(cluster, mesh.file.rootNamespace);
        await using stack = new AsyncDisposableStack();
        for (const istiod of istiods) stack.use(istiod);
        return await Promise.all(
          istiods.flatMap((istiod) =>
            mesh.others(cluster.name).map(async (remote) => {
              const seen = await observeSync(mesh, cluster, remote, istiod);
              const called = traffic[remote.name];
              const judgement = judgeSync(remote.name, { ...seen, ...(called ? { traffic: called } : {}) });
              return [`istiod ${cluster.name}/${istiod.pod.name}→${remote.name}`, judgement] as const;
            }),
          ),
        );
      }),
    );
    holdAll(testInfo, Object.fromEntries(judgements.flat()));
  },
);

/** Calls from a cluster to services that run in exactly one other cluster, by that cluster. */
async function callAcross(mesh: Mesh, callers: readonly Caller[], { name }: MeshCluster) {
  const caller = callers.find(({ cluster }) => cluster.name === name);
  if (!caller) return {};
  const atLeast = requestsToSeeFailures();
  const calls = crossings(mesh.file, name).map(async ({ cluster, service }) => {
    const send = async () => recordOf(await caller.call(service));
    return [cluster, { service, atLeast, timeline: await recordCount({ send, count: atLeast }) }] as const;
  });
  return Object.fromEntries(await Promise.all(calls));
}
