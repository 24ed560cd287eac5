import {
  answeredOk,
  clustersWithFailover,
  ejectedHosts,
  ejectionBound,
  failoverErrorBudget,
  faultEvents,
  faultKinds,
  holdAll,
  ifOnlyUnhealthyEjected,
  judgeOutage,
  loadRate,
  localFirst,
  promise,
  provenBy,
  test,
  trafficPolicyOf,
  waysTo,
  type FailoverConfig,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / loadRate;

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
    const [cluster] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(
      cluster === undefined,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    if (cluster === undefined) return;
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
    const { outlierDetection = {}, connectTimeoutMs: attemptTimeoutMs = NaN } = trafficPolicyOf(manifest());
    const home = mesh.cluster(cluster);
    const pods = (await home.pods('catalog')).map(({ ip }) => ip);
    const localPods = pods.length;
    const count = Math.floor(localPods / 2);
    test.skip(count === 0, `catalog has only one pod in ${cluster}, so half of its pods cannot fail.`);
    const config: FailoverConfig = {
      outlierDetection,
      attemptTimeoutMs,
      localPods,
      requestIntervalMs,
      load: 'open',
    };
    const bound = ejectionBound(config);

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin();
    const fault = await under.inject(faultKinds.podsFailing, { cluster, service: 'catalog', count });
    await under.further(bound.ms + provenBy * requestIntervalMs);
    const ejected = await ejectedHosts(mesh, home, 'catalog');
    await fault.heal();
    await under.settle();
    const lost = { ...config, localPods: count, concurrentRequests: under.inFlight };
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        good: answeredOk(),
        fault: faultEvents,
        budgetErrors: failoverErrorBudget(lost).requests,
        budgetMs: bound.ms,
      }),
    );
    holdAll(testInfo, ifOnlyUnhealthyEjected(judgements, { ejected, pods, unhealthy: count }));
  },
);
