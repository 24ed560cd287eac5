import {
  awaitStreak,
  crossings,
  failbackBound,
  failureBound,
  holdAll,
  judgeOutcomes,
  judgeRecovery,
  promise,
  record,
  recordFurther,
  recordOf,
  requestsToSeeFailures,
  stopEastWestGateway,
  test,
  timeouts,
  trafficPolicyOf,
  type Good,
} from '../../harness/index.ts';

const ratePerSecond = 40;
const requestIntervalMs = 1000 / ratePerSecond;
const atLeast = requestsToSeeFailures();
const events = { down: 'calls fail', healing: 'gateways started', healed: 'gateways answer again' };

promise(
  {
    id: 'GWY-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings-TCPSettings',
      'https://istio.io/latest/docs/concepts/traffic-management/#retries',
    ],
    disturbs: 'gateway',
  },
  'While an east-west gateway is down, callers of a service behind it get a prompt, named failure; they recover when the gateway returns.',
  async ({ mesh, probes, plain, apply, manifest, faults }, testInfo) => {
    const directions = probes.all.flatMap((caller) =>
      crossings(mesh.file, caller.cluster.name)
        .map(({ cluster, service }) => ({ caller, service, target: mesh.cluster(cluster) }))
        .filter(({ target }) => target.file.network !== caller.cluster.file.network),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');
    const services = [...new Set(directions.map(({ service }) => service))];
    await apply(services.map((service) => manifest({ service })));
    const { connectTimeoutMs: attemptTimeoutMs = NaN } = trafficPolicyOf(manifest({ service: '' }));

    const loads = directions.map(({ caller, service, target }) => ({
      scope: `${caller.cluster.name}→${target.name} (${service})`,
      recording: record({ send: async () => recordOf(await caller.call(service)), ratePerSecond }),
    }));
    const all = <T>(act: (one: (typeof loads)[number]) => T) => Promise.all(loads.map(act));
    const settle = (good: boolean, withinMs: number) => {
      const expected: Good = ({ outcome }) => (outcome === 'ok') === good;
      return all(({ recording }) =>
        awaitStreak(recording, expected, { inARow: ratePerSecond / 2, withinMs }),
      );
    };
    const mark = (label: string) => all(({ recording }) => recording.event(label));
    await settle(true, timeouts.requestMs);
    await test.step('stop and restart the gateways', async () => {
      const targets = [...new Set(directions.map(({ target }) => target))];
      const stopped = await Promise.all(
        targets.map((target) => {
          const from = directions.find((one) => one.target === target)?.caller.cluster.name ?? '';
          return faults.use(() => stopEastWestGateway(target, plain.in(from)));
        }),
      );
      await settle(false, timeouts.endpointMs);
      await mark(events.down);
      await all(({ recording }) => recordFurther(recording, (atLeast + 1) * requestIntervalMs));
      await mark(events.healing);
      await Promise.all(stopped.map((gateway) => gateway.restore()));
      await mark(events.healed);
    });
    const boundMs = failbackBound({ localPods: 0, requestIntervalMs, attemptTimeoutMs }).ms;
    await settle(true, boundMs + timeouts.requestMs);

    const judgements = await all(async ({ scope, recording }) => {
      const timeline = await recording.stop();
      const at = (label: string) => timeline.events.find((event) => event.label === label)?.atMs ?? NaN;
      const window = { fromMs: at(events.down), toMs: at(events.healing) };
      const withinMs = failureBound(attemptTimeoutMs).ms;
      const expected = ['connectFailure', 'noHealthyUpstream'] as const;
      const failing = judgeOutcomes({ timeline, window, expected, withinMs, atLeast });
      const recovering = judgeRecovery({ timeline, healed: events.healed, boundMs });
      return [[`${scope}, while down`, failing] as const, [`${scope}, afterwards`, recovering] as const];
    });
    holdAll(testInfo, Object.fromEntries(judgements.flat()));
  },
);
