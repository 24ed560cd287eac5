import {
  crossings,
  holdAll,
  judgeCallerIdentity,
  judgeEach,
  placements,
  promise,
  recordCount,
  recordOf,
  requestsToSeeFailures,
  spiffeIdOf,
  test,
} from '../../harness/index.ts';

/** The test must detect a wrong identity in three of ten requests: such as one pod, or one rule. */
const count = requestsToSeeFailures(0.3);

promise(
  {
    id: 'AUT-03',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/concepts/security/#istio-identity',
      'https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-TLSmode',
      'https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert',
    ],
    disturbs: 'nothing',
  },
  "The caller's identity survives the gateway: the server sees the client's own SPIFFE id.",
  async ({ mesh, callersOf }, testInfo) => {
    // Several identities from each cluster: a single one could have the same name as the gateway's.
    // Not catalog's: other promises stop its pods at the same time.
    const workloads = placements(mesh.file).filter(({ service }) => service !== 'catalog');
    const callers = workloads.flatMap(({ service }) => callersOf(service).all);
    const directions = callers.flatMap((caller) =>
      crossings(mesh.file, caller.cluster.name).map((to) => ({ caller, ...to })),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');

    const judgements = await judgeEach(
      directions,
      ({ caller, cluster, service }) =>
        `${caller.service} in ${caller.cluster.name}→${service} in ${cluster}`,
      async ({ caller, service }) => {
        const seen: (string | null)[] = [];
        const send = async () => {
          const exchange = await caller.call(service);
          // A failed call does not show an identity.
          if (exchange.outcome === 'ok')
            seen.push((JSON.parse(exchange.body.toString()) as { xfcc: string | null }).xfcc);
          return recordOf(exchange);
        };
        await recordCount({ send, count, concurrency: 4 });
        const server = spiffeIdOf(mesh.file, service);
        return judgeCallerIdentity({
          seen,
          caller: spiffeIdOf(mesh.file, caller.service),
          server,
          atLeast: count,
        });
      },
    );
    holdAll(testInfo, judgements);
  },
);
