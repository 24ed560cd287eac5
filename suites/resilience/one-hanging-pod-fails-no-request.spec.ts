import {
  answeredOk,
  clustersWithFailover,
  every,
  ejectedHosts,
  faultEvents,
  faultKinds,
  hangBound,
  holdAll,
  ifOnlySickEjected,
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
  'While one pod hangs, no request fails, and none is slow once the pod is ejected.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const [cluster] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(cluster === undefined, 'No cluster has catalog alone in its region, with more in another.');
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
    const judge = (timeline: Parameters<typeof judgeOutage>[0]['timeline']) =>
      every([
        judgeOutcomes({
          timeline: since(timeline, faultEvents.injected),
          expected: 'ok',
          atLeast: requestsToSeeFailures(),
        }),
        judgeOutage({
          ...{ timeline, good: prompt, budgetErrors: slowRequests, budgetMs: slow.ms },
          fault: faultEvents,
        }),
      ]);
    const judgements = await under.judge(testInfo, judge, { good: prompt });
    holdAll(testInfo, ifOnlySickEjected(judgements, { ejected, pods, sick: 1 }));
  },
);
