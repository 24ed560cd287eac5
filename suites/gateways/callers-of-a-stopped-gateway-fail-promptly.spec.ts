import { chaos, meshes, traffic, verdict, holdAll, promise, test, timeouts } from '../../harness/index.ts';

const ratePerSecond = 40;
const requestIntervalMs = 1000 / ratePerSecond;
const atLeast = verdict.requestsToSeeFailures();
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
  async ({ mesh, probes, apply, manifest, faults }, testInfo) => {
    const directions = probes.all.flatMap((caller) =>
      meshes
        .crossings(mesh.file, caller.cluster.name)
        .map(({ cluster, service }) => ({ caller, service, target: mesh.cluster(cluster) }))
        .filter(({ target }) => target.file.network !== caller.cluster.file.network),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');
    const services = [...new Set(directions.map(({ service }) => service))];
    await apply(services.map((service) => manifest({ service })));
    const { connectTimeoutMs: attemptTimeoutMs = NaN } = meshes.trafficPolicyOf(manifest({ service: '' }));

    const loads = directions.map(({ caller, service, target }) => ({
      scope: `${caller.cluster.name}→${target.name} (${service})`,
      recording: traffic.record({
        send: async () => traffic.recordOf(await caller.call(service)),
        ratePerSecond,
      }),
    }));
    const all = <T>(act: (one: (typeof loads)[number]) => T) => Promise.all(loads.map(act));
    const settle = (good: boolean, withinMs: number) => {
      const expected: traffic.Good = ({ outcome }) => (outcome === 'ok') === good;
      return all(({ recording }) =>
        traffic.awaitStreak(recording, expected, { inARow: ratePerSecond / 2, withinMs }),
      );
    };
    const mark = (label: string) => all(({ recording }) => recording.event(label));
    await settle(true, timeouts.requestMs);
    await test.step('stop and restart the gateways', async () => {
      const targets = [...new Set(directions.map(({ target }) => target.name))];
      const stopped = await Promise.all(
        targets.map((cluster) => faults.inject(chaos.faults.gatewayScaledToZero, { cluster })),
      );
      await settle(false, timeouts.endpointMs);
      await mark(events.down);
      await all(({ recording }) => traffic.recordFurther(recording, (atLeast + 1) * requestIntervalMs));
      await mark(events.healing);
      await Promise.all(stopped.map((gateway) => gateway.heal()));
      await mark(events.healed);
    });
    const boundMs = verdict.failbackBound({ localPods: 0, requestIntervalMs, attemptTimeoutMs }).ms;
    await settle(true, boundMs + timeouts.requestMs);

    const judgements = await verdict.judgeEach(
      loads,
      ({ scope }) => scope,
      async ({ scope, recording }): Promise<Record<string, verdict.Judgement>> => {
        const timeline = await recording.stop();
        const at = (label: string) => timeline.events.find((event) => event.label === label)?.atMs ?? NaN;
        const window = { fromMs: at(events.down), toMs: at(events.healing) };
        const withinMs = verdict.failureBound(attemptTimeoutMs).ms;
        const expected = ['connectFailure', 'noHealthyUpstream'] as const;
        const failing = verdict.judgeOutcomes({ timeline, window, expected, withinMs, atLeast });
        const recovering = verdict.judgeRecovery({ timeline, healed: events.healed, boundMs });
        return { [`${scope}, while down`]: failing, [`${scope}, afterwards`]: recovering };
      },
    );
    holdAll(testInfo, judgements);
  },
);
