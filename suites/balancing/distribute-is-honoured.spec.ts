import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

/** The number of requests out of 100 that stay in the caller's region. */
const local = 80;

promise(
  {
    id: 'BAL-03',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/distribute/',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/locality_weight',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  'With `distribute`, 80 of 100 requests stay in the region of the caller and 20 leave it.',
  async ({ mesh, probes, ingress, apply, manifest }, testInfo) => {
    const pods = meshes.shared(mesh.file).find(({ service }) => service === 'catalog')?.pods ?? {};
    const regions = [
      ...new Set(mesh.file.clusters.filter(({ name }) => pods[name]).map(({ region }) => region)),
    ];
    test.skip(regions.length < 2, 'catalog has pods in one region only.');
    const shares = (from: string) => sharesFrom(from, regions);
    const distribute = JSON.stringify(
      regions.map((from) => ({ from: `${from}/*`, to: suffixed(shares(from)) })),
    );
    const host = meshes.outboundCluster('catalog', mesh.file.namespace);
    const hasWeights = async ({ cluster, admin }: meshes.ProxyView) => {
      const sent = meshes.localityWeights((await admin.eds()).get(host) ?? []);
      const expected = shares(mesh.cluster(cluster).file.region);
      return Object.entries(expected).every(([region, weight]) => sent[region] === weight);
    };
    await apply(manifest({ namespace: mesh.file.namespace, distribute }), { awaitProxies: hasWeights });

    const routes = (await traffic.requestPathsTo('catalog', { mesh, probes, ingress })).filter((one) =>
      regions.includes(one.region),
    );
    const judgements = await verdict.judgeEach(
      routes,
      ({ name }) => name,
      async ({ region, proxy, send }) => {
        const ignored = meshes.endpointWeights((await proxy.eds()).get(host) ?? []);
        const weights = shares(region);
        const count = verdict.requestsNeeded({ right: weights, wrong: ignored });
        const timeline = await traffic.recordCount({ send, count });
        return verdict.judgeShares({ timeline, by: 'region', weights });
      },
    );
    holdAll(testInfo, judgements);
  },
);

/** Whole percentages that add up to 100, as Istio requires. The other regions share the traffic that leaves the region. */
function sharesFrom(from: string, regions: readonly string[]): Record<string, number> {
  const others = regions.filter((region) => region !== from);
  const each = Math.floor((100 - local) / others.length);
  const shares = Object.fromEntries(others.map((region) => [region, each]));
  return { ...shares, [from]: 100 - each * others.length };
}

const suffixed = (shares: Record<string, number>) =>
  Object.fromEntries(Object.entries(shares).map(([region, share]) => [`${region}/*`, share]));
