import { chaos, meshes, traffic, verdict, givenFailover, holdAll, promise } from '../../harness/index.ts';

const requestIntervalMs = 1000 / traffic.loadRate;

promise(
  {
    id: 'RES-02',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/concepts/traffic-management/#retries',
      'https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRetry',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-',
  },
  'While one pod hangs, no request fails, and no request is slow after the pod is ejected.',
  async ({ mesh, ingress, underLoad, apply, manifest }, testInfo) => {
    const given = await givenFailover({ mesh, apply, manifest }, testInfo);
    const { cluster, config } = given;
    const route = meshes.routePolicyOf(manifest());
    const home = mesh.cluster(cluster);
    const pods = given.pods.map(({ ip }) => ip);
    const { slow, slowRequests } = verdict.hangBound(config, route);
    const prompt = verdict.answeredOk({ withinMs: route.perTryTimeoutMs ?? NaN });

    const under = await underLoad(traffic.loadPathsTo('catalog', cluster, ingress));
    await under.begin(prompt);
    const fault = await under.inject(chaos.faults.podsHanging, { cluster, service: 'catalog', count: 1 });
    await under.further(slow.ms + traffic.provenBy * requestIntervalMs);
    const ejected = await meshes.ejectedHosts(mesh, home, 'catalog');
    await fault.heal();
    await under.settle(prompt);
    const judge = (timeline: traffic.Timeline) =>
      verdict.every([
        verdict.judgeOutcomes({
          timeline: verdict.since(timeline, chaos.faultEvents.injected),
          expected: 'ok',
          atLeast: verdict.requestsToSeeFailures(),
        }),
        verdict.judgeOutage({
          timeline,
          good: prompt,
          fault: chaos.faultEvents,
          budgetErrors: slowRequests,
          budgetMs: slow.ms,
        }),
      ]);
    const judgements = await under.judge(testInfo, judge, { good: prompt });
    holdAll(testInfo, verdict.ifOnlyUnhealthyEjected(judgements, { ejected, pods, unhealthy: 1 }));
  },
);
