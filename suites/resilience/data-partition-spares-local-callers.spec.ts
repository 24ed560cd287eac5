import {
  clustersWithFailover,
  crossings,
  cutBound,
  every,
  faultEvents,
  faultKinds,
  holdAll,
  judgeOutcomes,
  judgeRecovery,
  localFirst,
  loadRate,
  promise,
  provenBy,
  recoveryBound,
  requestsToSeeFailures,
  routePolicyOf,
  silenceBound,
  since,
  test,
  timeouts,
  trafficPolicyOf,
  waysTo,
  whileCut,
} from '../../harness/index.ts';

const requestIntervalMs = 1000 / loadRate;

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
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const [remote] = [...ingress.keys(), ...eligible]
      .filter((from) => eligible.includes(from))
      .flatMap((from) => crossings(mesh.file, from).map(({ service }) => ({ from, service })));
    test.skip(
      !remote,
      'No cluster that can fail over for catalog has a service with all its pods in one other cluster.',
    );
    if (!remote) return;
    const { from: cluster, service } = remote;
    const rules = manifest({ service });
    await apply(rules, { proxiesOf: ['probe', 'webapp'] });
    await apply(manifest({ service: 'catalog' }), { awaitProxies: localFirst(mesh, 'catalog') });
    const [policy, route] = [trafficPolicyOf(rules), routePolicyOf(rules)];
    const cut = { atLeast: requestsToSeeFailures(), requestIntervalMs, stallMs: timeouts.generatorStallMs };
    const cutMs = cutBound(cut, route).ms;

    const under = await underLoad([
      ...waysTo('catalog', cluster, ingress),
      ...waysTo(service, cluster, ingress),
    ]);
    await under.begin();
    const fault = await under.inject(faultKinds.linkPartitioned, { ports: 'data' });
    await under.further(cutMs);
    await fault.heal();
    const config = { ...policy, localPods: 1, requestIntervalMs };
    const back = recoveryBound(config, { lastedMs: under.faultMs, silent: true }, route);
    await under.settle(undefined, back.ms + provenBy * requestIntervalMs);

    const judgements = await under.judge(testInfo, (timeline, way) => {
      const { atLeast } = cut;
      const fromMs = timeline.events.find(({ label }) => label === faultEvents.proven)?.atMs ?? NaN;
      if (way.service === 'catalog')
        return every([
          judgeOutcomes({ timeline: since(timeline, faultEvents.injected), expected: 'ok' }),
          judgeOutcomes({ timeline, window: { fromMs, toMs: fromMs + cutMs }, expected: 'ok', atLeast }),
        ]);
      const window = whileCut({ fromMs, forMs: cutMs }, cut, route);
      const expected = ['upstreamTimeout', 'connectFailure', 'noHealthyUpstream', 'upstreamReset'] as const;
      const withinMs = silenceBound(route).ms;
      return every([
        judgeOutcomes({ timeline, window, expected, withinMs, atLeast }),
        judgeRecovery({ timeline, healed: faultEvents.healed, boundMs: back.ms }),
      ]);
    });
    holdAll(testInfo, judgements);
  },
);
