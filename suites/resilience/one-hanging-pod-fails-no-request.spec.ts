import {
  answeredOk,
  clustersWithFailover,
  ejectedHosts,
  every,
  faultEvents,
  faultKinds,
  hangBound,
  holdAll,
  ifOnlyUnhealthyEjected,
  judgeOutage,
  judgeOutcomes,
  loadRate,
  localFirst,
  promise,
  provenBy,
  requestsToSeeFailures,
  routePolicyOf,
  since,
  test,
  trafficPolicyOf,
  waysTo,
  type Timeline,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / loadRate;

promise(
  {
    id: 'RES-02',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/concepts/traffic-management/#retries',
      'https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-',
  },
  'While one pod hangs, no request fails, and no request is slow after the pod is ejected.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const [cluster] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(
      cluster === undefined,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    if (cluster === undefined) return;
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
    const { outlierDetection = {} } = trafficPolicyOf(manifest());
    const route = routePolicyOf(manifest());
    const home = mesh.cluster(cluster);
    const pods = (await home.pods('catalog')).map(({ ip }) => ip);
    const localPods = pods.length;
    const { slow, slowRequests } = hangBound({ outlierDetection, localPods, requestIntervalMs }, route);
    const prompt = answeredOk({ withinMs: route.perTryTimeoutMs ?? NaN });

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin(prompt);
    const fault = await under.inject(faultKinds.podsHanging, { cluster, service: 'catalog', count: 1 });
    await under.further(slow.ms + provenBy * requestIntervalMs);
    const ejected = await ejectedHosts(mesh, home, 'catalog');
    await fault.heal();
    await under.settle(prompt);
    const judge = (timeline: Timeline) =>
      every([
        judgeOutcomes({
          timeline: since(timeline, faultEvents.injected),
          expected: 'ok',
          atLeast: requestsToSeeFailures(),
        }),
        judgeOutage({
          timeline,
          good: prompt,
          fault: faultEvents,
          budgetErrors: slowRequests,
          budgetMs: slow.ms,
        }),
      ]);
    const judgements = await under.judge(testInfo, judge, { good: prompt });
    holdAll(testInfo, ifOnlyUnhealthyEjected(judgements, { ejected, pods, unhealthy: 1 }));
  },
);
