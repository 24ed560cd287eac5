import { chaos, meshes, traffic, verdict, holdAll, orSkip, promise, timeouts } from '../../harness/index.ts';

const requestIntervalMs = 1000 / traffic.loadRate;

promise(
  {
    id: 'RES-05',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/concepts/traffic-management/#timeouts',
    ],
    disturbs: 'link',
    needsLab: true,
    timeoutMs: 120_000,
  },
  'While the link drops data, local callers notice nothing and callers of a remote service fail promptly; all recover by themselves.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const eligible = meshes.clustersWithFailover(mesh.file, 'catalog');
    const remotes = [...ingress.keys(), ...eligible]
      .filter((from) => eligible.includes(from))
      .flatMap((from) => meshes.crossings(mesh.file, from).map(({ service }) => ({ from, service })));
    const reason =
      'No cluster that can fail over for catalog has a service with all its pods in one other cluster.';
    const { from: cluster, service } = orSkip(testInfo, remotes[0], reason);
    const rules = manifest({ service });
    await apply(rules, { proxiesOf: ['probe', 'webapp'] });
    await apply(manifest({ service: 'catalog' }), { awaitProxies: meshes.localFirst(mesh, 'catalog') });
    const [policy, route] = [meshes.trafficPolicyOf(rules), meshes.routePolicyOf(rules)];
    const cut = {
      atLeast: verdict.requestsToSeeFailures(),
      requestIntervalMs,
      stallMs: timeouts.generatorStallMs,
    };
    const cutMs = verdict.cutBound(cut, route).ms;

    const under = await underLoad([
      ...traffic.loadPathsTo('catalog', cluster, ingress),
      ...traffic.loadPathsTo(service, cluster, ingress),
    ]);
    await under.begin();
    const fault = await under.inject(chaos.faults.linkPartitioned, { ports: 'data' });
    await under.further(cutMs);
    await fault.heal();
    const config = { ...policy, localPods: 1, requestIntervalMs };
    const back = verdict.recoveryBound(config, { lastedMs: under.faultMs, silent: true }, route);
    await under.settle(undefined, back.ms + traffic.provenBy * requestIntervalMs);

    const judgements = await under.judge(testInfo, (timeline, way) => {
      const { atLeast } = cut;
      const fromMs = timeline.events.find(({ label }) => label === chaos.faultEvents.proven)?.atMs ?? NaN;
      if (way.service === 'catalog')
        return verdict.every([
          verdict.judgeOutcomes({
            timeline: verdict.since(timeline, chaos.faultEvents.injected),
            expected: 'ok',
          }),
          verdict.judgeOutcomes({
            timeline,
            window: { fromMs, toMs: fromMs + cutMs },
            expected: 'ok',
            atLeast,
          }),
        ]);
      const window = verdict.whileCut({ fromMs, forMs: cutMs }, cut, route);
      const expected = ['upstreamTimeout', 'connectFailure', 'noHealthyUpstream', 'upstreamReset'] as const;
      const withinMs = verdict.silenceBound(route).ms;
      return verdict.every([
        verdict.judgeOutcomes({ timeline, window, expected, withinMs, atLeast }),
        verdict.judgeRecovery({ timeline, healed: chaos.faultEvents.healed, boundMs: back.ms }),
      ]);
    });
    holdAll(testInfo, judgements);
  },
);
