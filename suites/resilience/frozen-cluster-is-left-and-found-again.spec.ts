import {
  answerAllowanceMs,
  every,
  faultEvents,
  faultKinds,
  frozenBound,
  holdAll,
  judgeCoverage,
  judgeEventually,
  judgeOutage,
  loadRate,
  promise,
  requestsToSeeAll,
  returnBound,
  routePolicyOf,
  seenUnready,
  shared,
  test,
  trafficPolicyOf,
  waysTo,
} from '../../harness/index.ts';

const restored = 'every endpoint is back';

promise(
  {
    id: 'RES-10',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection',
      'https://github.com/istio/istio/issues/28865',
    ],
    disturbs: 'cluster',
    needsLab: true,
    lock: '-exclusive-',
    timeoutMs: 240_000,
  },
  'When a cluster freezes, callers elsewhere leave it as soon as their timeout and outlier detection allow, and return afterwards.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const catalog = shared(mesh.file).find(({ service }) => service === 'catalog');
    const [from] = mesh.file.clusters.filter(({ name }) => catalog?.pods[name]).map(({ name }) => name);
    const frozen = Object.keys(catalog?.pods ?? {}).find((name) => name !== from);
    test.skip(!catalog || !from || !frozen, 'catalog has pods in one cluster only.');
    if (!catalog || !from || !frozen) return;
    await apply(manifest(), { clusters: [from], proxiesOf: ['webapp', 'probe'] });
    const { outlierDetection = {} } = trafficPolicyOf(manifest());
    const { timeoutMs = NaN } = routePolicyOf(manifest());
    const pods = Object.values(catalog.pods).reduce((sum, count) => sum + count, 0);
    const share = (catalog.pods[frozen] ?? 0) / pods;
    const config = { outlierDetection, timeoutMs, share, gateways: 1, requestIntervalMs: 1000 / loadRate };

    const under = await underLoad(waysTo('catalog', from, ingress));
    await under.begin();
    const frozenAtMs = under.clock.nowMs();
    const fault = await under.inject(faultKinds.clusterFrozen, { cluster: frozen });
    await under.settle();
    await fault.heal();
    const faultMs = under.clock.nowMs() - frozenAtMs;
    const failover = { ...config, localPods: 1, attemptTimeoutMs: timeoutMs };
    const found = await judgeEventually(() => seenUnready(mesh), {
      until: (problems) => problems.length === 0,
      withinMs: returnBound(failover, faultMs).ms,
      what: 'the former endpoints in every proxy',
    });
    under.event(restored);
    await under.further((1000 * requestsToSeeAll(catalog.pods)) / loadRate);

    const judgements = await under.judge(testInfo, (timeline) => {
      const bound = frozenBound({ ...config, allowanceMs: answerAllowanceMs });
      const [fromMs] = timeline.events.filter(({ label }) => label === restored).map(({ atMs }) => atMs);
      const cost = judgeOutage({
        timeline,
        fault: faultEvents,
        budgetErrors: bound.requests,
        budgetMs: bound.time.ms,
      });
      const window = { fromMs: fromMs ?? Infinity };
      return every([cost, judgeCoverage({ timeline, by: 'cluster', window, members: catalog.pods })]);
    });
    holdAll(testInfo, { ...judgements, [`${from}→${frozen}`]: found });
  },
);
