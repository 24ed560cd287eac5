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
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    test.skip(
      callers.length === 0,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });
    const { outlierDetection = {}, connectTimeoutMs: attemptTimeoutMs = NaN } = trafficPolicyOf(manifest());
    const requestIntervalMs = 1000 / ratePerSecond;
    const configured = { outlierDetection, attemptTimeoutMs, requestIntervalMs, load: 'open' } as const;
    const deployment = { namespace: mesh.file.namespace, name: 'catalog' };

    const phases = holdPhases(testInfo);
    // One cluster after another: a caller that fails over needs the pods of the other clusters.
    for (const caller of callers) {
      const { name, file } = caller.cluster;
      await test.step(`stop and restore all catalog pods of ${name}`, async () => {
        await caller.call('catalog'); // opens the connection: requests that wait for it would count as in flight
        using waits = await watchProxies(mesh);
        const send = async () => recordOf(await caller.call('catalog'));
        const recording = record({ send, ratePerSecond, clock: waits.clock });
        const local = answeredOk({ region: file.region });
        await settle(recording, local, 0);
        const concurrentRequests = peakOfLatest(recording, ratePerSecond);
        const killedMs = recording.clock.nowMs();
        recording.event(events.injected);
        const stopped = await faults.use(() => endPods(caller.cluster, deployment));
        const drainMs = recording.clock.nowMs() - killedMs;
        const config = { ...configured, localPods: stopped.before, concurrentRequests, drainMs };
        const [boundMs, failbackBoundMs] = [failoverBound(config).ms, failbackBound(config).ms];
        await settle(recording, (one) => one.outcome === 'ok' && !local(one), boundMs);
        recording.event(events.healing);
        await stopped.restore();
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

/** Waits for a second of expected requests, for longer than the bound: the recording has to show a late move. */
function settle(recording: Recording, expected: Good, boundMs: number): Promise<boolean> {
  return awaitStreak(recording, expected, { inARow: ratePerSecond, withinMs: boundMs + timeouts.requestMs });
}
