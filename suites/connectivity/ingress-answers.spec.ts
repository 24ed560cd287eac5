import {
  endpointWeights,
  holdAll,
  judgeAnsweredBy,
  outboundCluster,
  placements,
  promise,
  recordCount,
  recordOf,
  requestsToSeeAll,
  requestsToSeeFailures,
  send,
  test,
  type Exchange,
  type Judgement,
  type RequestRecord,
} from '../../harness/index.ts';

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
    const clusters = Object.keys(placements(mesh.file).find((one) => one.service === 'catalog')?.pods ?? {});
    test.skip(clusters.length === 0, 'The mesh has no pod of catalog.');

    const judgements: Record<string, Judgement> = {};
    for (const [cluster, target] of ingress) {
      const [webapp] = await mesh.cluster(cluster).pods('webapp');
      const eds = webapp && (await mesh.cluster(cluster).proxy(webapp).eds());
      const sent = eds?.get(outboundCluster('catalog', mesh.file.namespace)) ?? [];
      const weights = sent.length > 0 ? endpointWeights(sent) : { catalog: 1 };
      const count = Math.max(requestsToSeeAll(weights), requestsToSeeFailures());
      const timeline = await recordCount({
        send: async () => requireWebapp(await send(target, { path: '/to/catalog/' })),
        count,
      });
      judgements[`ingress of ${cluster}`] = judgeAnsweredBy({
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
function requireWebapp(exchange: Exchange): RequestRecord {
  const via = String(exchange.headers['x-meshproof-via'] ?? 'an unknown server');
  if (exchange.outcome !== 'ok' || via.startsWith('webapp/')) return recordOf(exchange);
  return { ...recordOf(exchange), outcome: 'appError', detail: `answered through ${via}, not webapp` };
}
