import {
  crossings,
  eastWestSni,
  foreignIdentity,
  holdAll,
  isOpen,
  judgeCalls,
  judgeEach,
  judgeRefusal,
  promise,
  recordOf,
  requestsToSeeFailures,
  spiffeIdOf,
  test,
  timeouts,
  type TlsResult,
} from '../../harness/index.ts';

/** The test must detect three answered attempts of ten: such as one pod, or one rule. */
const count = requestsToSeeFailures(0.3);

promise(
  {
    id: 'SEC-03',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://istio.io/latest/docs/concepts/security/#mutual-tls-authentication',
    ],
    disturbs: 'nothing',
    timeoutMs: 300_000, // each silent attempt takes as long as meshproof listens
  },
  'A client with a certificate from another root, or without a certificate, gets nothing through an east-west gateway.',
  async ({ mesh, probes, plain }, testInfo) => {
    const directions = plain.all.flatMap((stranger) =>
      crossings(mesh.file, stranger.cluster.name).flatMap(({ cluster, service }) => {
        const gateway = mesh.cluster(cluster).file.eastWestGateway;
        return gateway ? [{ stranger, cluster, service, gateway }] : [];
      }),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');

    const forged = await foreignIdentity(spiffeIdOf(mesh.file, 'probe'));
    const clients = { 'without a certificate': {}, 'with a certificate from another root': forged };
    const attempts = directions.flatMap((direction) =>
      Object.entries(clients).map(([who, certificate]) => ({ ...direction, who, certificate })),
    );
    const scopeOf = ({ stranger, cluster, service }: (typeof directions)[number]) =>
      `${stranger.cluster.name}→${cluster} (${service})`;

    const meshClients = await judgeCalls(
      directions.map((one) => ({
        scope: `${scopeOf(one)}, of the mesh`,
        call: async () => recordOf(await probes.in(one.stranger.cluster.name).call(one.service)),
        expected: 'ok' as const,
        count,
      })),
    );
    const strangers = await judgeEach(
      attempts,
      (one) => `${scopeOf(one)}, ${one.who}`,
      async ({ stranger, service, gateway, certificate }) => {
        const { address: host, port } = gateway;
        const sni = eastWestSni(service, mesh.file.namespace);
        const server = spiffeIdOf(mesh.file, service);
        const attempts: TlsResult[] = [];
        const attempt = { host, port, sni, listenMs: timeouts.refusalMs, ...certificate };
        // One open connection decides the judgement, and each silent attempt takes `listenMs`.
        while (attempts.length < count && !attempts.some(isOpen))
          attempts.push(await stranger.attemptTls(attempt));
        return judgeRefusal({ attempts, server, atLeast: count / 2 });
      },
    );
    holdAll(testInfo, { ...meshClients, ...strangers });
  },
);
