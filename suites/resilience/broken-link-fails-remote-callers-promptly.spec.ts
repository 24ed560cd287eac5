import {
  chaos,
  meshes,
  traffic,
  verdict,
  givenRemote,
  holdPhases,
  promise,
  timeouts,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / traffic.loadRate;

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
    const { from, service, cluster } = givenRemote(mesh, testInfo);
    const rules = manifest({ service });
    await apply(rules, { proxiesOf: ['probe', 'webapp'] });
    const [policy, route] = [meshes.trafficPolicyOf(rules), meshes.routePolicyOf(rules)];
    const config = { ...policy, localPods: 1, requestIntervalMs };
    const cut = {
      atLeast: verdict.requestsToSeeFailures(),
      requestIntervalMs,
      stallMs: timeouts.generatorStallMs,
    };
    const cutMs = verdict.cutBound(cut, route).ms;
    const expected = ['upstreamTimeout', 'connectFailure', 'noHealthyUpstream', 'upstreamReset'] as const;

    const phases = holdPhases(testInfo);
    const answersLost = { ports: 'data', from: cluster, to: from, oneWay: 'packets' };
    for (const [what, silent, kind, parameters] of [
      ['answers are lost', true, chaos.faults.linkPartitioned, answersLost],
      ['connections are reset', false, chaos.faults.linkReset, { ports: 'data' }],
    ] as const) {
      const under = await underLoad(traffic.loadPathsTo(service, from, ingress));
      await under.begin();
      const fault = await under.inject(kind, parameters);
      await under.further(cutMs);
      await fault.heal();
      const back = verdict.recoveryBound(config, { lastedMs: under.faultMs, silent }, route);
      await under.settle(undefined, back.ms + traffic.provenBy * requestIntervalMs);
      // Repeated ejections last longer: the next fault must not inherit that.
      await under.further(verdict.ejectionResetBound(policy.outlierDetection ?? {}, under.faultMs).ms);
      const judge = (timeline: traffic.Timeline) => {
        const fromMs = timeline.events.find(({ label }) => label === chaos.faultEvents.proven)?.atMs ?? NaN;
        const window = verdict.whileCut({ fromMs, forMs: cutMs }, cut, route);
        const withinMs = verdict.silenceBound(route).ms;
        return verdict.every([
          verdict.judgeOutcomes({ timeline, window, expected, withinMs, atLeast: cut.atLeast }),
          verdict.judgeRecovery({ timeline, healed: chaos.faultEvents.healed, boundMs: back.ms }),
        ]);
      };
      phases.record(await under.judge(testInfo, judge, { phase: what }));
    }
    phases.hold();
  },
);
