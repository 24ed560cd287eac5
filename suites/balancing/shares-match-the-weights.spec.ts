import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'BAL-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers#weighted-least-request',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings-HTTPSettings',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  'With equal pods and without a locality rule, the shares of the regions match the weights that istiod sent.',
  async ({ mesh, probes, ingress, apply, manifest }, testInfo) => {
    const regions = new Set(mesh.file.clusters.map(({ region }) => region));
    test.skip(regions.size < 2, 'All clusters of the mesh are in one region.');
    test.skip(
      !meshes.shared(mesh.file).some(({ service }) => service === 'catalog'),
      'catalog has pods in one cluster only.',
    );
    await apply(manifest({ namespace: mesh.file.namespace }));

    const routes = await traffic.requestPathsTo('catalog', { mesh, probes, ingress });
    const judgements = await verdict.judgeEach(
      routes,
      ({ name }) => name,
      async ({ region, proxy, send }) => {
        const sent = (await proxy.eds()).get(meshes.outboundCluster('catalog', mesh.file.namespace)) ?? [];
        const weights = meshes.endpointWeights(sent);
        // Least request also counts requests in flight: with one request at a time, only the weights decide.
        const count = verdict.requestsNeeded({ right: weights, wrong: halved(weights, region), power: 0.99 });
        const timeline = await traffic.recordCount({ send, count, concurrency: 1 });
        return verdict.judgeShares({ timeline, by: 'region', weights });
      },
    );
    holdAll(testInfo, judgements);
  },
);

/** The weights of a mesh that counts pods of other regions only half: the test must detect this error. */
const halved = (weights: Record<string, number>, own: string) =>
  Object.fromEntries(
    Object.entries(weights).map(([region, weight]) => [region, region === own ? weight : weight / 2]),
  );
