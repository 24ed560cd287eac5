import {
  holdAll,
  judgeAnsweredBy,
  promise,
  recordCount,
  recordOf,
  remoteOnly,
  requestsToSeeFailures,
  test,
} from '../../harness/index.ts';

promise(
  {
    id: 'CON-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/',
    ],
    disturbs: 'nothing',
    lock: 'remote-only',
  },
  "A service with no pod in the caller's cluster is answered by another cluster.",
  async ({ mesh, probes, apply, manifest }, testInfo) => {
    const calls = probes.all.flatMap((caller) =>
      remoteOnly(mesh.file, caller.cluster.name).map((placement) => ({ caller, ...placement })),
    );
    test.skip(calls.length === 0, 'Every service has pods in every cluster that calls.');
    // A connection from before would be answered although the way it took is closed to every new one. A proxy that does not
    // take the rule may be the one that cannot reach the service.
    const services = [...new Set(calls.map(({ service }) => service))];
    const rules = services.map((service) => manifest({ service }));
    await apply(rules, { awaitProxies: 'tried' });

    const count = requestsToSeeFailures();
    const judgements = await Promise.all(
      calls.map(async ({ caller, service, pods }) => {
        const timeline = await recordCount({ send: async () => recordOf(await caller.call(service)), count });
        const clusters = Object.keys(pods);
        const scope = `${caller.cluster.name}→${clusters.join('/')} (${service})`;
        return [scope, judgeAnsweredBy({ timeline, service, clusters, atLeast: count })] as const;
      }),
    );
    holdAll(testInfo, Object.fromEntries(judgements));
  },
);
