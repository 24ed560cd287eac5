import {
  crossings,
  cutBound,
  ejectionResetBound,
  every,
  faultEvents,
  faultKinds,
  holdPhases,
  judgeOutcomes,
  judgeRecovery,
  loadRate,
  promise,
  provenBy,
  recoveryBound,
  requestsToSeeFailures,
  routePolicyOf,
  silenceBound,
  test,
  timeouts,
  trafficPolicyOf,
  waysTo,
  whileCut,
  type Timeline,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / loadRate;

promise(
  {
    id: 'RES-07',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter',
    ],
    disturbs: 'link',
    needsLab: true,
    timeoutMs: 120_000,
  },
  'When the link drops packets of one direction or resets connections, callers of a remote service fail promptly and recover.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const from = [...ingress.keys()][0] ?? mesh.clusters[0]?.name ?? '';
    const [remote] = crossings(mesh.file, from);
    test.skip(remote === undefined, 'No service has all its pods in one other cluster.');
    if (remote === undefined) return;
    const { service, cluster } = remote;
    const rules = manifest({ service });
    await apply(rules, { proxiesOf: ['probe', 'webapp'] });
    const [policy, route] = [trafficPolicyOf(rules), routePolicyOf(rules)];
    const config = { ...policy, localPods: 1, requestIntervalMs };
    const cut = { atLeast: requestsToSeeFailures(), requestIntervalMs, stallMs: timeouts.generatorStallMs };
    const cutMs = cutBound(cut, route).ms;
    const expected = ['upstreamTimeout', 'connectFailure', 'noHealthyUpstream', 'upstreamReset'] as const;

    const phases = holdPhases(testInfo);
    const answersLost = { ports: 'data', from: cluster, to: from, oneWay: 'packets' };
    for (const [what, silent, kind, parameters] of [
      ['answers are lost', true, faultKinds.linkPartitioned, answersLost],
      ['connections are reset', false, faultKinds.linkReset, { ports: 'data' }],
    ] as const) {
      const under = await underLoad(waysTo(service, from, ingress));
      await under.begin();
      const fault = await under.inject(kind, parameters);
      await under.further(cutMs);
      await fault.heal();
      const back = recoveryBound(config, { lastedMs: under.faultMs, silent }, route);
      await under.settle(undefined, back.ms + provenBy * requestIntervalMs);
      // Repeated ejections last longer: the next fault must not inherit that.
      await under.further(ejectionResetBound(policy.outlierDetection ?? {}, under.faultMs).ms);
      const judge = (timeline: Timeline) => {
        const fromMs = timeline.events.find(({ label }) => label === faultEvents.proven)?.atMs ?? NaN;
        const window = whileCut({ fromMs, forMs: cutMs }, cut, route);
        const withinMs = silenceBound(route).ms;
        return every([
          judgeOutcomes({ timeline, window, expected, withinMs, atLeast: cut.atLeast }),
          judgeRecovery({ timeline, healed: faultEvents.healed, boundMs: back.ms }),
        ]);
      };
      phases.record(await under.judge(testInfo, judge, { phase: what }));
    }
    phases.hold();
  },
);
