import {
  awaitPods,
  crossings,
  faultEvents,
  faultKinds,
  gatewayLossBudget,
  holdPhases,
  judgeOutage,
  judgeRecovery,
  loadRate,
  promise,
  proveServed,
  recoveryBound,
  routePolicyOf,
  scale,
  test,
  timeouts,
  trafficPolicyOf,
  waysTo,
  type Judgement,
  type Timeline,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / loadRate;

promise(
  {
    id: 'RES-04',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/concepts/traffic-management/#retries',
    ],
    disturbs: 'gateway',
    timeoutMs: 180_000,
  },
  'Callers of a remote service recover when its only gateway pod is killed; they lose little with two pods, and nothing in a rolling restart.',
  async ({ mesh, ingress, underLoad, apply, manifest, faults }, testInfo) => {
    const from = [...ingress.keys()][0] ?? mesh.clusters[0]?.name ?? '';
    const [remote] = crossings(mesh.file, from);
    test.skip(remote === undefined, 'No service has all its pods in one other cluster.');
    if (remote === undefined) return;
    const { service, cluster } = remote;
    const rules = manifest({ service });
    await apply(rules, { proxiesOf: ['probe', 'webapp'] });
    const [policy, route] = [trafficPolicyOf(rules), routePolicyOf(rules)];
    const config = { ...policy, localPods: 1, requestIntervalMs };

    const phases = holdPhases(testInfo);
    const under = async (
      what: string,
      act: (load: Awaited<ReturnType<typeof underLoad>>) => Promise<(timeline: Timeline) => Judgement>,
    ) => {
      const load = await underLoad(waysTo(service, from, ingress));
      await load.begin();
      const judge = await act(load);
      phases.record(await load.judge(testInfo, judge, { phase: what }));
    };
    await under('the only pod killed', async (load) => {
      const killed = await load.inject(faultKinds.gatewayDeleted, { cluster });
      await killed.heal();
      const back = recoveryBound(config, { lastedMs: load.faultMs, silent: false }, route);
      await load.settle(undefined, back.ms + timeouts.requestMs);
      return (timeline) => judgeRecovery({ timeline, healed: faultEvents.healed, boundMs: back.ms });
    });
    const { namespace, deployment: name } = mesh.cluster(cluster).file.eastWestGateway ?? {};
    const gateway = { namespace: namespace ?? '', name: name ?? '' };
    const home = mesh.cluster(cluster);
    await faults.use(() => scale(home, gateway, 2));
    await awaitPods(home, gateway);
    // A ready pod may not receive traffic yet. Without this proof, the kill could hit the only pod that does.
    await proveServed(home, gateway, timeouts.endpointMs);
    await under('one of two killed', async (load) => {
      const killed = await load.inject(faultKinds.gatewayDeleted, { cluster, count: 1 });
      await killed.heal();
      await load.settle();
      const lost = { pods: 2, requestIntervalMs, concurrentRequests: load.inFlight };
      const budget = gatewayLossBudget({ ...lost, retryAttempts: route.attempts });
      return (timeline) =>
        judgeOutage({ timeline, fault: faultEvents, budgetErrors: budget.requests, budgetMs: budget.ms });
    });
    await under('rolling restart', async (load) => {
      const restarted = await load.inject(faultKinds.gatewayRestarted, { cluster });
      await restarted.heal();
      await load.settle();
      return (timeline) => judgeOutage({ timeline, fault: faultEvents, budgetErrors: 0, budgetMs: 0 });
    });
    phases.hold();
  },
);
