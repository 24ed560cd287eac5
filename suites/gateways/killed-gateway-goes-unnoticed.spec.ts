import {
  answeredOk,
  awaitStreak,
  clustersWithFailover,
  holdAll,
  judgeOutage,
  localFirst,
  promise,
  record,
  recordFurther,
  recordOf,
  requestsToSeeFailures,
  stopEastWestGateway,
  test,
  timeouts,
  watchProxies,
} from '../../harness/index.ts';

const ratePerSecond = 50;
const fault = { injected: 'gateways killed', healed: 'gateways answer again' };
/** Down so long that one failing request of ten would be seen. */
const downMs = (requestsToSeeFailures() / ratePerSecond) * 1000;

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
  'While the east-west gateways are killed, no caller of a service that is present locally notices.',
  async ({ mesh, probes, plain, apply, manifest, faults }, testInfo) => {
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    const gateways = mesh.clusters.flatMap((cluster) => {
      const observer = plain.all.find((one) => one.cluster.file.network !== cluster.file.network);
      return cluster.file.eastWestGateway && observer ? [{ cluster, observer }] : [];
    });
    test.skip(
      callers.length === 0,
      'No caller has catalog in its own cluster, alone in its region, and in another region.',
    );
    test.skip(gateways.length === 0, 'The mesh has no east-west gateway that another network reaches.');
    await apply(manifest(), { awaitProxies: localFirst(mesh, 'catalog') });

    using waits = await watchProxies(mesh);
    const recordings = callers.map((caller) => {
      const send = async () => recordOf(await caller.call('catalog'));
      return { name: caller.cluster.name, recording: record({ send, ratePerSecond, clock: waits.clock }) };
    });
    const all = <T>(act: (one: (typeof recordings)[number]) => T) => Promise.all(recordings.map(act));
    await all(({ recording }) =>
      awaitStreak(recording, answeredOk(), { inARow: ratePerSecond, withinMs: timeouts.requestMs }),
    );
    await test.step('every east-west gateway is killed, and comes back', async () => {
      await all(({ recording }) => recording.event(fault.injected));
      const stopped = await Promise.all(
        gateways.map(({ cluster, observer }) => faults.use(() => stopEastWestGateway(cluster, observer))),
      );
      await all(({ recording }) => recordFurther(recording, downMs));
      await Promise.all(stopped.map((gateway) => gateway.restore()));
      await all(({ recording }) => recording.event(fault.healed));
    });
    await all(({ recording }) =>
      awaitStreak(recording, answeredOk(), { inARow: ratePerSecond, withinMs: timeouts.requestMs }),
    );
    const judgements = await all(async ({ name, recording }) => {
      const timeline = await recording.stop();
      const budget = { fault, budgetErrors: 0, budgetMs: 0 };
      return [name, waits.judge(timeline, (one) => judgeOutage({ timeline: one, ...budget }))] as const;
    });
    holdAll(testInfo, Object.fromEntries(judgements));
  },
);
