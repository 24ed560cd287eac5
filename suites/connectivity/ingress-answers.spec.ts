import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'CON-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/traffic-management/ingress/ingress-control/',
      'https://istio.io/latest/docs/setup/install/multicluster/verify/',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  'The ingress gateway answers through webapp and catalog.',
  async ({ mesh, ingress }, testInfo) => {
    test.skip(ingress.size === 0, 'No cluster of the mesh has an ingress gateway.');
    const clusters = Object.keys(
      meshes.placements(mesh.file).find((one) => one.service === 'catalog')?.pods ?? {},
    );
    test.skip(clusters.length === 0, 'The mesh has no pod of catalog.');

    const judgements: Record<string, verdict.Judgement> = {};
    for (const [cluster, target] of ingress) {
      const [webapp] = await mesh.cluster(cluster).pods('webapp');
      const eds = webapp && (await mesh.cluster(cluster).proxy(webapp).eds());
      const sent = eds?.get(meshes.outboundCluster('catalog', mesh.file.namespace)) ?? [];
      const weights = sent.length > 0 ? meshes.endpointWeights(sent) : { catalog: 1 };
      const count = Math.max(verdict.requestsToSeeAll(weights), verdict.requestsToSeeFailures());
      const timeline = await traffic.recordCount({
        send: async () => requireWebapp(await traffic.send(target, { path: '/to/catalog/' })),
        count,
      });
      judgements[`ingress of ${cluster}`] = verdict.judgeAnsweredBy({
        timeline,
        service: 'catalog',
        clusters,
        atLeast: count,
      });
    }
    holdAll(testInfo, judgements);
  },
);

/** The request, or an `appError` if the answer did not pass through webapp. */
function requireWebapp(exchange: traffic.Exchange): traffic.RequestRecord {
  const via = String(exchange.headers['x-meshproof-via'] ?? 'an unknown server');
  if (exchange.outcome !== 'ok' || via.startsWith('webapp/')) return traffic.recordOf(exchange);
  return {
    ...traffic.recordOf(exchange),
    outcome: 'appError',
    detail: `answered through ${via}, not webapp`,
  };
}
