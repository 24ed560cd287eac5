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
/** Long enough to see failures of one request in ten. */
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
  'While the east-west gateways are killed and down, callers of a service with local pods notice nothing.',
  async ({ mesh, probes, plain, apply, manifest, faults }, testInfo) => {
    const eligible = clustersWithFailover(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    const gateways = mesh.clusters.flatMap((cluster) => {
      const observer = plain.all.find((one) => one.cluster.file.network !== cluster.file.network);
      return cluster.file.eastWestGateway && observer ? [{ cluster, observer }] : [];
    });
    test.skip(
      callers.length === 0,
      'No cluster is the only one with catalog in its region while another region has catalog, too.',
    );
    test.skip(gateways.length === 0, 'No east-west gateway can be reached from another network.');
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
    await test.step('kill and restore every east-west gateway', async () => {
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
