import { chaos, traffic, verdict, givenFailover, holdAll, promise, timeouts } from '../../harness/index.ts';

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
    const given = await givenFailover({ mesh, apply, manifest }, testInfo);
    const { cluster, region } = given;

    const under = await underLoad(traffic.loadPathsTo('catalog', cluster, ingress));
    await under.begin(verdict.answeredOk({ region }));
    const fault = await under.inject(chaos.faults.podsKilled, { cluster, service: 'catalog' });
    await fault.heal();
    await under.settle(verdict.answeredOk({ region }), timeouts.podReadyMs);
    const config = { ...given.config, concurrentRequests: under.inFlight, drainMs: fault.injectedMs };
    const judgements = await under.judge(testInfo, (timeline) =>
      verdict.judgeOutage({
        timeline,
        fault: chaos.faultEvents,
        budgetErrors: verdict.failoverErrorBudget(config).requests,
        budgetMs: verdict.failoverBound(config).ms,
      }),
    );
    holdAll(testInfo, judgements);
  },
);
