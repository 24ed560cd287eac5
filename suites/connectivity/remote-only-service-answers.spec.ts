import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

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
  "If a service has no pod in the caller's cluster, another cluster answers.",
  async ({ mesh, probes, apply, manifest }, testInfo) => {
    const calls = probes.all.flatMap((caller) =>
      meshes.remoteOnly(mesh.file, caller.cluster.name).map((placement) => ({ caller, ...placement })),
    );
    test.skip(calls.length === 0, 'Every service has pods in every cluster that calls.');
    // The rule forces new connections: an old connection may work although the path is closed to new ones. Do not wait for
    // every proxy to have the rule: the proxy without it may be the one that cannot reach the service.
    const services = [...new Set(calls.map(({ service }) => service))];
    const rules = services.map((service) => manifest({ service }));
    await apply(rules, { awaitProxies: 'tried' });

    const count = verdict.requestsToSeeFailures();
    const judgements = await verdict.judgeEach(
      calls,
      ({ caller, service, pods }) => `${caller.cluster.name}→${Object.keys(pods).join('/')} (${service})`,
      async ({ caller, service, pods }) => {
        const timeline = await traffic.recordCount({
          send: async () => traffic.recordOf(await caller.call(service)),
          count,
        });
        const clusters = Object.keys(pods);
        return verdict.judgeAnsweredBy({ timeline, service, clusters, atLeast: count });
      },
    );
    holdAll(testInfo, judgements);
  },
);
