import {
  answeredOk,
  awaitStreak,
  clustersWithFailover,
  endPods,
  failbackBound,
  failoverBound,
  failoverErrorBudgets,
  holdPhases,
  judgeFailover,
  localFirst,
  peakOfLatest,
  promise,
  record,
  recordOf,
  test,
  timeouts,
  trafficPolicyOf,
  watchProxies,
  type Good,
  type Recording,
} from '../../harness/index.ts';

const ratePerSecond = 50;
const events = { injected: 'local pods killed', healing: 'local pods asked for', healed: 'local pods ready' };

promise(
  {
    id: 'LOC-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier',
    ],
    disturbs: 'nothing',
    timeoutMs: 300_000, // a caller that never fails over, nor comes back, takes 45 s
    lock: '-exclusive-', // its budget is spent by whatever takes the processors meanwhile
  },
  'When all local pods are gone, traffic moves to another region in time, and returns when they are back.',
  async ({ mesh, probes, apply, manifest, faults }, testInfo) => {
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    test.skip(callers.length === 0, 'No caller has catalog alone in its region, with more in another.');
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
    const { outlierDetection = {}, connectTimeoutMs: attemptTimeoutMs = NaN } = trafficPolicyOf(manifest());
    const requestIntervalMs = 1000 / ratePerSecond;
    const configured = { outlierDetection, attemptTimeoutMs, requestIntervalMs, load: 'open' } as const;
    const deployment = { namespace: mesh.file.namespace, name: 'catalog' };

    const phases = holdPhases(testInfo);
    // One after another: who fails over needs the others.
    for (const caller of callers) {
      const { name, file } = caller.cluster;
      await test.step(`all catalog pods of ${name} are gone, and come back`, async () => {
        await caller.call('catalog'); // opens the way: what waits for that would count as in flight
        using waits = await watchProxies(mesh);
        const send = async () => recordOf(await caller.call('catalog'));
        const recording = record({ send, ratePerSecond, clock: waits.clock });
        const local = answeredOk({ region: file.region });
        await settle(recording, local, 0);
        const concurrentRequests = peakOfLatest(recording, ratePerSecond);
        const killedMs = recording.clock.nowMs();
        recording.event(events.injected);
        const gone = await faults.use(() => endPods(caller.cluster, deployment));
        const drainMs = recording.clock.nowMs() - killedMs;
        const config = { ...configured, localPods: gone.before, concurrentRequests, drainMs };
        const [boundMs, failbackBoundMs] = [failoverBound(config).ms, failbackBound(config).ms];
        await settle(recording, (one) => one.outcome === 'ok' && !local(one), boundMs);
        recording.event(events.healing);
        await gone.restore();
        recording.event(events.healed);
        await settle(recording, local, failbackBoundMs);
        const timeline = await recording.stop();
        const budget = failoverErrorBudgets(config, timeline);
        const bounds = { events, local: file.region, boundMs, failbackBoundMs, ...budget };
        phases.record({
          [name]: waits.judge(timeline, (one) => judgeFailover({ timeline: one, ...bounds })),
        });
      });
    }
    phases.hold();
  },
);

/** A second of requests as wanted; longer than the bound, so that a late move is seen to be late. */
function settle(recording: Recording, wanted: Good, boundMs: number): Promise<boolean> {
  return awaitStreak(recording, wanted, { inARow: ratePerSecond, withinMs: boundMs + timeouts.requestMs });
}
