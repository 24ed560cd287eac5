import {
  chaos,
  meshes,
  traffic,
  verdict,
  givenFailover,
  holdAll,
  promise,
  test,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / traffic.loadRate;

promise(
  {
    id: 'RES-03',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-',
  },
  'When half of the local pods answer 503, callers see failures only until these pods are ejected.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const given = await givenFailover({ mesh, apply, manifest }, testInfo);
    const { cluster, config } = given;
    const home = mesh.cluster(cluster);
    const pods = given.pods.map(({ ip }) => ip);
    const count = Math.floor(pods.length / 2);
    test.skip(count === 0, `catalog has only one pod in ${cluster}, so half of its pods cannot fail.`);
    const bound = verdict.ejectionBound(config);

    const under = await underLoad(traffic.loadPathsTo('catalog', cluster, ingress));
    await under.begin();
    const fault = await under.inject(chaos.faults.podsFailing, { cluster, service: 'catalog', count });
    await under.further(bound.ms + traffic.provenBy * requestIntervalMs);
    const ejected = await meshes.ejectedHosts(mesh, home, 'catalog');
    await fault.heal();
    await under.settle();
    const lost = { ...config, localPods: count, concurrentRequests: under.inFlight };
    const judgements = await under.judge(testInfo, (timeline) =>
      verdict.judgeOutage({
        timeline,
        good: verdict.answeredOk(),
        fault: chaos.faultEvents,
        budgetErrors: verdict.failoverErrorBudget(lost).requests,
        budgetMs: bound.ms,
      }),
    );
    holdAll(testInfo, verdict.ifOnlyUnhealthyEjected(judgements, { ejected, pods, unhealthy: count }));
  },
);
