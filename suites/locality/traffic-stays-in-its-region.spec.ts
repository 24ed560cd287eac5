import {
  clustersWithChoice,
  holdAll,
  isLocalFirst,
  judgeEach,
  judgeEventually,
  judgeStaysIn,
  outboundCluster,
  promise,
  recordCount,
  recordOf,
  requestsToSeeFailures,
  test,
  timeouts,
  type Caller,
} from '../../harness/index.ts';

/** The share of requests leaving the region that the test must detect. */
const leak = 0.03;
const scope = (caller: Caller) => caller.cluster.name;

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
    const eligible = clustersWithChoice(mesh.file, 'catalog');
    const callers = probes.all.filter(({ cluster }) => eligible.includes(cluster.name));
    test.skip(callers.length === 0, 'No caller has catalog both in its own region and in another region.');
    await apply(manifest());

    const catalog = outboundCluster('catalog', mesh.file.namespace);
    const preferences = await judgeEach(callers, scope, async (caller) => {
      const { region } = caller.cluster.file;
      const proxy = caller.cluster.proxy(await caller.pod());
      const endpoints = async () => (await proxy.endpoints()).filter(({ cluster }) => cluster === catalog);
      return judgeEventually(endpoints, {
        until: (seen) => seen.length > 0 && isLocalFirst(seen, region),
        withinMs: timeouts.propagationMs,
        what: `the caller's proxy preferring endpoints of ${region}`,
      });
    });
    holdAll(testInfo, preferences);

    const atLeast = requestsToSeeFailures(leak);
    const traffic = await judgeEach(callers, scope, async (caller) => {
      const { region } = caller.cluster.file;
      const send = async () => recordOf(await caller.call('catalog'));
      return judgeStaysIn({ timeline: await recordCount({ send, count: atLeast }), region, atLeast });
    });
    holdAll(testInfo, traffic);
  },
);
