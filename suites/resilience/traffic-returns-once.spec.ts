import {
  answerAllowanceMs,
  answeredOk,
  clustersWithFailover,
  every,
  failbackBound,
  failoverBound,
  failoverErrorBudget,
  faultEvents,
  faultKinds,
  holdAll,
  judgeFailover,
  judgeSettles,
  loadRate,
  localFirst,
  promise,
  provenBy,
  pushBound,
  quietTime,
  streakToProveRegion,
  test,
  timeouts,
  trafficPolicyOf,
  waysTo,
} from '../../harness/index.ts';

const healing = 'local pods are requested';

promise(
  {
    id: 'RES-14',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-',
    timeoutMs: 220_000,
  },
  'When local pods are back, traffic returns to its own region once, and stays there.',
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
    // Answers of two regions mix until the last pod is ready and every proxy knows it.
    const knownMs = pushBound().ms;
    const mixed = ((timeouts.podReadyMs + knownMs) * loadRate) / 1000;
    const inARow = Math.max(provenBy, streakToProveRegion({ localPods, requests: mixed }));
    const quietMs = quietTime({ outlierDetection }).ms;
    const isLocal = answeredOk({ region });

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin(isLocal);
    const fault = await under.inject(faultKinds.podsScaledToZero, { cluster, service: 'catalog' });
    const config = {
      outlierDetection,
      attemptTimeoutMs,
      localPods,
      concurrentRequests: under.inFlight,
      requestIntervalMs: 1000 / loadRate,
      load: 'open' as const,
      drainMs: fault.injectedMs,
    };
    await under.settle((request) => request.outcome === 'ok' && !isLocal(request), failoverBound(config).ms);
    under.event(healing);
    await fault.heal();
    await under.settle(isLocal, timeouts.podReadyMs);
    await under.further(knownMs + (1000 * inARow) / loadRate + quietMs);

    const judgements = await under.judge(
      testInfo,
      (timeline) =>
        every([
          judgeFailover({
            timeline,
            local: region,
            events: { injected: faultEvents.injected, healing, healed: faultEvents.healed },
            boundMs: failoverBound(config).ms + answerAllowanceMs,
            failbackBoundMs: failbackBound(config).ms,
            budgetErrors: failoverErrorBudget(config).requests,
          }),
          judgeSettles({
            timeline,
            healing,
            healed: faultEvents.healed,
            knownMs,
            local: region,
            quietMs,
            inARow,
          }),
        ]),
      { good: answeredOk() },
    );
    holdAll(testInfo, judgements);
  },
);
