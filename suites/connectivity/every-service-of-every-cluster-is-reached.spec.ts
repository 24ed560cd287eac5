import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'CON-03',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/setup/install/multicluster/verify/',
      'https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  'Every cluster reaches every service of every other cluster, over HTTP and plain TCP.',
  async ({ mesh, probes, apply, manifest }, testInfo) => {
    test.skip(mesh.clusters.length < 2, 'The mesh has one cluster only.');
    // Without this rule, a rule of the mesh could keep all calls to a shared service local.
    const { namespace } = mesh.file;
    const rules = meshes.shared(mesh.file).map(({ service }) => manifest({ namespace, service }));
    if (rules.length > 0) await apply(rules);

    const judgements = await verdict.judgeEach(
      probes.all,
      ({ cluster }) => `probe in ${cluster.name}`,
      async (caller) => {
        const calls = await callAll(mesh, caller);
        const reached = mesh.others(caller.cluster.name).map(({ name }) => {
          const there = calls.filter(({ pods }) => pods[name] !== undefined);
          return [`${caller.cluster.name}→${name}`, verdict.judgeReach(name, there)] as const;
        });
        return Object.fromEntries(reached);
      },
    );
    holdAll(testInfo, judgements);
  },
);

/** Calls each service that has pods in other clusters often enough to see every cluster that answers. */
async function callAll(
  mesh: meshes.Mesh,
  caller: traffic.Caller,
): Promise<(verdict.ReachedService & { pods: Readonly<Record<string, number>> })[]> {
  const elsewhere = meshes
    .placements(mesh.file)
    .filter(({ pods }) => Object.keys(pods).some((cluster) => cluster !== caller.cluster.name));
  const protocols = {
    HTTP: async (service: string) => traffic.recordOf(await caller.call(service)),
    TCP: (service: string) => caller.callTcp(service),
  };
  const reached = [];
  // One service after another: each TCP call needs its own port-forward, and many at once overload API servers.
  for (const { service, pods } of elsewhere)
    for (const [protocol, call] of Object.entries(protocols)) {
      const enough = verdict.requestsToSeeAll(pods);
      const timeline = await traffic.recordCount({
        send: () => call(service),
        count: enough,
        concurrency: 4,
      });
      reached.push({ service, protocol, pods, enough, timeline });
    }
  return reached;
}
