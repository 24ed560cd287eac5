import {
  answeredOk,
  awaitStreak,
  clustersWithFailover,
  ejectionBound,
  failoverErrorBudgets,
  holdAll,
  judgeEach,
  judgeEjection,
  localFirst,
  makeSick,
  peakOfLatest,
  promise,
  record,
  recordFurther,
  recordOf,
  requestsToSeeFailures,
  resize,
  test,
  timeouts,
  trafficPolicyOf,
  watchProxies,
  type FailoverConfig,
} from '../../harness/index.ts';

/** With one of four pods ejected, Envoy keeps all traffic local: 3/4 × the overprovisioning factor of 1.4 is above 1. */
const localPods = 4;
const ratePerSecond = 100;
const fault = { injected: 'one pod unhealthy' };

promise(
  {
    id: 'LOC-03',
    level: 'core',
    references: [
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/priority',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#OutlierDetection',
    ],
    disturbs: 'nothing',
    lock: '-exclusive-', // other load on the processors would spend its error budget
  },
  'One unhealthy pod is ejected while the healthy local pods keep the traffic local.',
  async ({ mesh, probes, apply, manifest, faults }, testInfo) => {
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    test.skip(
      callers.length === 0,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    const deployment = { namespace: mesh.file.namespace, name: 'catalog' };
    await Promise.all(callers.map(({ cluster }) => faults.use(() => resize(cluster, deployment, localPods))));
    const scaled = new Map(callers.map(({ cluster }) => [cluster.name, localPods]));
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog', scaled) });

    const { outlierDetection = {}, connectTimeoutMs = NaN } = trafficPolicyOf(manifest());
    const config: FailoverConfig = {
      outlierDetection,
      attemptTimeoutMs: connectTimeoutMs,
      localPods,
      requestIntervalMs: 1000 / ratePerSecond,
      load: 'open',
    };
    const atLeast = requestsToSeeFailures(0.03);
    using waits = await watchProxies(mesh);
    // In all clusters at once: traffic stays local, so each caller meets only the unhealthy pod of its cluster.
    const judgements = await judgeEach(
      callers,
      ({ cluster }) => cluster.name,
      async (caller) => {
        const { region } = caller.cluster.file;
        await caller.call('catalog'); // opens the connection: requests that wait for it would count as in flight
        const send = async () => recordOf(await caller.call('catalog'));
        const recording = record({ send, ratePerSecond, clock: waits.clock });
        const baseline = { inARow: ratePerSecond, withinMs: timeouts.requestMs };
        await awaitStreak(recording, answeredOk({ region }), baseline);
        const pod = await caller.cluster.readyPod('catalog');
        const concurrentRequests = peakOfLatest(recording, ratePerSecond);
        const injectedMs = recording.clock.nowMs();
        recording.event(fault.injected);
        await faults.use(() => makeSick(caller.cluster, pod, { abortPercent: 100 }));
        // The pod may have been healthy until its Envoy confirmed the fault.
        const boundMs = ejectionBound(config).ms + (recording.clock.nowMs() - injectedMs);
        await recordFurther(recording, boundMs + (atLeast + ratePerSecond) * config.requestIntervalMs);
        const timeline = await recording.stop();
        const budget = failoverErrorBudgets({ ...config, localPods: 1, concurrentRequests }, timeline);
        const expected = {
          ...budget,
          fault,
          region,
          unhealthyPod: pod.name,
          localPods,
          boundMs,
          baseEjectionTimeMs: outlierDetection.baseEjectionTimeMs ?? NaN,
          atLeast,
        };
        return waits.judge(timeline, (one) => judgeEjection({ timeline: one, ...expected }));
      },
    );
    holdAll(testInfo, judgements);
  },
);
