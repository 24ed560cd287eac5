import {
  chaos,
  meshes,
  traffic,
  verdict,
  givenFailoverCallers,
  holdAll,
  promise,
  timeouts,
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
    const callers = givenFailoverCallers({ mesh, probes }, testInfo);
    const deployment = { namespace: mesh.file.namespace, name: 'catalog' };
    await Promise.all(
      callers.map(({ cluster }) => faults.use(() => chaos.resize(cluster, deployment, localPods))),
    );
    const scaled = new Map(callers.map(({ cluster }) => [cluster.name, localPods]));
    await apply(manifest(), { awaitProxies: meshes.localFirst(mesh, 'catalog', scaled) });

    const config = verdict.failoverConfigOf(manifest(), { localPods, ratePerSecond });
    const atLeast = verdict.requestsToSeeFailures(0.03);
    using waits = await traffic.watchStarvation(mesh);
    // In all clusters at once: traffic stays local, so each caller meets only the unhealthy pod of its cluster.
    const judgements = await verdict.judgeEach(
      callers,
      ({ cluster }) => cluster.name,
      async (caller) => {
        const { region } = caller.cluster.file;
        await caller.call('catalog'); // opens the connection: requests that wait for it would count as in flight
        const send = async () => traffic.recordOf(await caller.call('catalog'));
        const recording = traffic.record({ send, ratePerSecond, clock: waits.clock });
        const baseline = { inARow: ratePerSecond, withinMs: timeouts.requestMs };
        await traffic.awaitStreak(recording, verdict.answeredOk({ region }), baseline);
        const pod = await caller.cluster.readyPod('catalog');
        let concurrentRequests = NaN;
        const failing = { cluster: caller.cluster.name, service: 'catalog', pod: pod.name };
        const { injectedMs } = await faults.inject(chaos.faults.podsFailing, failing, {
          onBegin: () => {
            concurrentRequests = verdict.peakOfLatest(recording, ratePerSecond);
            recording.event(fault.injected);
          },
        });
        // The pod may have been healthy until its Envoy confirmed the fault.
        const boundMs = verdict.ejectionBound(config).ms + injectedMs;
        await traffic.recordFurther(
          recording,
          boundMs + (atLeast + ratePerSecond) * config.requestIntervalMs,
        );
        const timeline = await recording.stop();
        const budget = verdict.failoverErrorBudgets(
          { ...config, localPods: 1, concurrentRequests },
          timeline,
        );
        const expected = {
          ...budget,
          fault,
          region,
          unhealthyPod: pod.name,
          localPods,
          boundMs,
          baseEjectionTimeMs: config.outlierDetection.baseEjectionTimeMs ?? NaN,
          atLeast,
        };
        return waits.judge(timeline, (one) => verdict.judgeEjection({ timeline: one, ...expected }));
      },
    );
    holdAll(testInfo, judgements);
  },
);
