import {
  chaos,
  meshes,
  traffic,
  verdict,
  givenFailoverCallers,
  holdPhases,
  promise,
  test,
  timeouts,
} from '../../harness/index.ts';

const ratePerSecond = 50;
const events = { injected: 'local pods killed', healing: 'local pods requested', healed: 'local pods ready' };

promise(
  {
    id: 'LOC-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    timeoutMs: 300_000, // a caller that neither fails over nor returns takes 45 s
    lock: '-exclusive-', // other load on the processors would spend its error budget
  },
  'When all local pods are gone, traffic moves to another region in time, and returns when the pods are back.',
  async ({ mesh, probes, apply, manifest, faults }, testInfo) => {
    const callers = givenFailoverCallers({ mesh, probes }, testInfo);
    await apply(manifest(), { awaitProxies: meshes.localFirst(mesh, 'catalog') });

    const phases = holdPhases(testInfo);
    // One cluster after another: a caller that fails over needs the pods of the other clusters.
    for (const caller of callers) {
      const { name, file } = caller.cluster;
      await test.step(`stop and restore all catalog pods of ${name}`, async () => {
        await caller.call('catalog'); // opens the connection: requests that wait for it would count as in flight
        using waits = await traffic.watchStarvation(mesh);
        const send = async () => traffic.recordOf(await caller.call('catalog'));
        const recording = traffic.record({ send, ratePerSecond, clock: waits.clock });
        const local = verdict.answeredOk({ region: file.region });
        await settle(recording, local, 0);
        const localPods = (await caller.cluster.pods('catalog')).length;
        let concurrentRequests = NaN;
        const gone = { cluster: name, service: 'catalog' };
        const stopped = await faults.inject(chaos.faults.podsScaledToZero, gone, {
          onBegin: () => {
            concurrentRequests = verdict.peakOfLatest(recording, ratePerSecond);
            recording.event(events.injected);
          },
          onHealed: () => recording.event(events.healed),
        });
        const configured = verdict.failoverConfigOf(manifest(), { localPods, ratePerSecond });
        const config = { ...configured, concurrentRequests, drainMs: stopped.injectedMs };
        const [boundMs, failbackBoundMs] = [
          verdict.failoverBound(config).ms,
          verdict.failbackBound(config).ms,
        ];
        await settle(recording, (one) => one.outcome === 'ok' && !local(one), boundMs);
        recording.event(events.healing);
        await stopped.heal();
        await settle(recording, local, failbackBoundMs);
        const timeline = await recording.stop();
        const budget = verdict.failoverErrorBudgets(config, timeline);
        const bounds = { events, local: file.region, boundMs, failbackBoundMs, ...budget };
        phases.record({
          [name]: waits.judge(timeline, (one) => verdict.judgeFailover({ timeline: one, ...bounds })),
        });
      });
    }
    phases.hold();
  },
);

/** Waits for a second of expected requests, for longer than the bound: the recording has to show a late move. */
function settle(recording: traffic.Recording, expected: traffic.Good, boundMs: number): Promise<boolean> {
  return traffic.awaitStreak(recording, expected, {
    inARow: ratePerSecond,
    withinMs: boundMs + timeouts.requestMs,
  });
}
