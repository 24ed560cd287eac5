import {
  chaos,
  meshes,
  traffic,
  verdict,
  givenFailoverCallers,
  holdAll,
  promise,
  test,
  timeouts,
} from '../../harness/index.ts';

const ratePerSecond = 50;
const fault = { injected: 'gateways killed', healed: 'gateways answer again' };
/** Long enough to see failures of one request in ten. */
const downMs = (verdict.requestsToSeeFailures() / ratePerSecond) * 1000;

promise(
  {
    id: 'GWY-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
    ],
    disturbs: 'gateway',
  },
  'While the east-west gateways are killed and down, callers of a service with local pods notice nothing.',
  async ({ mesh, probes, plain, apply, manifest, faults }, testInfo) => {
    const callers = givenFailoverCallers({ mesh, probes }, testInfo);
    const gateways = mesh.file.clusters.filter(
      ({ eastWestGateway, network }) =>
        eastWestGateway && plain.all.some(({ cluster }) => cluster.file.network !== network),
    );
    test.skip(gateways.length === 0, 'No east-west gateway can be reached from another network.');
    await apply(manifest(), { awaitProxies: meshes.localFirst(mesh, 'catalog') });

    using waits = await traffic.watchStarvation(mesh);
    const recordings = callers.map((caller) => {
      const send = async () => traffic.recordOf(await caller.call('catalog'));
      return {
        name: caller.cluster.name,
        recording: traffic.record({ send, ratePerSecond, clock: waits.clock }),
      };
    });
    const all = <T>(act: (one: (typeof recordings)[number]) => T) => Promise.all(recordings.map(act));
    await all(({ recording }) =>
      traffic.awaitStreak(recording, verdict.answeredOk(), {
        inARow: ratePerSecond,
        withinMs: timeouts.requestMs,
      }),
    );
    await test.step('kill and restore every east-west gateway', async () => {
      await all(({ recording }) => recording.event(fault.injected));
      const stopped = await Promise.all(
        gateways.map(({ name }) => faults.inject(chaos.faults.gatewayScaledToZero, { cluster: name })),
      );
      await all(({ recording }) => traffic.recordFurther(recording, downMs));
      await Promise.all(stopped.map((gateway) => gateway.heal()));
      await all(({ recording }) => recording.event(fault.healed));
    });
    await all(({ recording }) =>
      traffic.awaitStreak(recording, verdict.answeredOk(), {
        inARow: ratePerSecond,
        withinMs: timeouts.requestMs,
      }),
    );
    const judgements = await verdict.judgeEach(
      recordings,
      ({ name }) => name,
      async ({ recording }) => {
        const timeline = await recording.stop();
        const budget = { fault, budgetErrors: 0, budgetMs: 0 };
        return waits.judge(timeline, (one) => verdict.judgeOutage({ timeline: one, ...budget }));
      },
    );
    holdAll(testInfo, judgements);
  },
);
