import { chaos, traffic, verdict, givenFailover, holdAll, promise, timeouts } from '../../harness/index.ts';

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
    const given = await givenFailover({ mesh, apply, manifest }, testInfo);
    const { cluster, region } = given;
    const { localPods, outlierDetection } = given.config;
    // Answers of two regions mix until the last pod is ready and every proxy knows it.
    const knownMs = verdict.pushBound().ms;
    const mixed = ((timeouts.podReadyMs + knownMs) * traffic.loadRate) / 1000;
    const inARow = Math.max(traffic.provenBy, verdict.streakToProveRegion({ localPods, requests: mixed }));
    const quietMs = verdict.quietTime({ outlierDetection }).ms;
    const isLocal = verdict.answeredOk({ region });

    const under = await underLoad(traffic.loadPathsTo('catalog', cluster, ingress));
    await under.begin(isLocal);
    const fault = await under.inject(chaos.faults.podsScaledToZero, { cluster, service: 'catalog' });
    const config = { ...given.config, concurrentRequests: under.inFlight, drainMs: fault.injectedMs };
    await under.settle(
      (request) => request.outcome === 'ok' && !isLocal(request),
      verdict.failoverBound(config).ms,
    );
    under.event(healing);
    await fault.heal();
    await under.settle(isLocal, timeouts.podReadyMs);
    await under.further(knownMs + (1000 * inARow) / traffic.loadRate + quietMs);

    const judgements = await under.judge(
      testInfo,
      (timeline) =>
        verdict.every([
          verdict.judgeFailover({
            timeline,
            local: region,
            events: { injected: chaos.faultEvents.injected, healing, healed: chaos.faultEvents.healed },
            boundMs: verdict.failoverBound(config).ms + verdict.answerAllowanceMs,
            failbackBoundMs: verdict.failbackBound(config).ms,
            budgetErrors: verdict.failoverErrorBudget(config).requests,
          }),
          verdict.judgeSettles({
            timeline,
            healing,
            healed: chaos.faultEvents.healed,
            knownMs,
            local: region,
            quietMs,
            inARow,
          }),
        ]),
      { good: verdict.answeredOk() },
    );
    holdAll(testInfo, judgements);
  },
);
