import {
  answeredOk,
  clustersWithFailover,
  failoverBound,
  failoverErrorBudget,
  faultEvents,
  faultKinds,
  holdAll,
  judgeOutage,
  loadRate,
  localFirst,
  promise,
  test,
  timeouts,
  trafficPolicyOf,
  waysTo,
} from '../../harness/index.ts';

promise(
  {
    id: 'RES-01',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-',
    timeoutMs: 150_000,
  },
  'When all local pods are killed at once, callers lose no more than the ejection of these pods costs.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const [cluster] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(
      cluster === undefined,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    if (cluster === undefined) return;
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
    const { outlierDetection = {}, connectTimeoutMs: attemptTimeoutMs = NaN } = trafficPolicyOf(manifest());
    const { region } = mesh.cluster(cluster).file;
    const localPods = (await mesh.cluster(cluster).pods('catalog')).length;

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin(answeredOk({ region }));
    const fault = await under.inject(faultKinds.podsKilled, { cluster, service: 'catalog' });
    await fault.heal();
    await under.settle(answeredOk({ region }), timeouts.podReadyMs);
    const config = {
      outlierDetection,
      attemptTimeoutMs,
      localPods,
      concurrentRequests: under.inFlight,
      requestIntervalMs: 1000 / loadRate,
      load: 'open' as const,
      drainMs: fault.injectedMs,
    };
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        fault: faultEvents,
        budgetErrors: failoverErrorBudget(config).requests,
        budgetMs: failoverBound(config).ms,
      }),
    );
    holdAll(testInfo, judgements);
  },
);
