import { meshes, traffic, verdict, holdAll, promise, test, timeouts } from '../../harness/index.ts';

/** The share of requests leaving the region that the test must detect. */
const leak = 0.03;
const scope = (caller: traffic.Caller) => caller.cluster.name;

promise(
  {
    id: 'LOC-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/failover/',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#LocalityLoadBalancerSetting',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  "With locality failover, all traffic stays in the caller's region.",
  async ({ mesh, probes, apply, manifest }, testInfo) => {
    const eligible = meshes.clustersWithChoice(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    test.skip(callers.length === 0, 'No caller has catalog both in its own region and in another region.');
    await apply(manifest());

    const catalog = meshes.outboundCluster('catalog', mesh.file.namespace);
    const preferences = await verdict.judgeEach(callers, scope, async (caller) => {
      const { region } = caller.cluster.file;
      const proxy = caller.cluster.proxy(await caller.pod());
      const endpoints = async () => (await proxy.endpoints()).filter(({ cluster }) => cluster === catalog);
      return verdict.judgeEventually(endpoints, {
        until: (seen) => seen.length > 0 && meshes.isLocalFirst(seen, region),
        withinMs: timeouts.propagationMs,
        what: `the caller's proxy preferring endpoints of ${region}`,
      });
    });
    holdAll(testInfo, preferences);

    const atLeast = verdict.requestsToSeeFailures(leak);
    const answers = await verdict.judgeEach(callers, scope, async (caller) => {
      const { region } = caller.cluster.file;
      const send = async () => traffic.recordOf(await caller.call('catalog'));
      return verdict.judgeStaysIn({
        timeline: await traffic.recordCount({ send, count: atLeast }),
        region,
        atLeast,
      });
    });
    holdAll(testInfo, answers);
  },
);
