import { meshes, traffic, verdict, holdAll, promise, test, timeouts } from '../../harness/index.ts';

const bodyBytes = 1_048_576;
const bodies = 4;

promise(
  {
    id: 'CON-06',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
      'https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts',
    ],
    disturbs: 'nothing',
    lock: 'remote-only',
  },
  'Bodies of 1 MiB and a stream of 30 s arrive intact across clusters.',
  async ({ mesh, probes }, testInfo) => {
    const directions = probes.all.flatMap((caller) =>
      meshes.crossings(mesh.file, caller.cluster.name).map((to) => ({ caller, ...to })),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');

    type Direction = (typeof directions)[number];
    const scopeOf = ({ caller, cluster, service }: Direction) =>
      `${caller.cluster.name}→${cluster} (${service})`;
    const judgements = await verdict.judgeEach(
      directions,
      scopeOf,
      async (direction): Promise<Record<string, verdict.Judgement>> => {
        const { caller, cluster, service } = direction;
        const scope = scopeOf(direction);
        const [{ transfer, arrivals }, ...transfers] = await Promise.all([
          traffic.takeStream(caller, service),
          ...Array.from({ length: bodies }, () => traffic.download(caller, service, bodyBytes)),
          ...Array.from({ length: bodies }, () => traffic.echo(caller, service, bodyBytes)),
        ]);
        // The server may be two seconds ahead. A pause as long as the timeout of a request is a stall.
        const limits = { leastMs: traffic.streamMs - 2000, longestPauseMs: timeouts.requestMs };
        return {
          [`${scope}, bodies`]: verdict.judgeIntact(cluster, transfers),
          [`${scope}, stream`]: verdict.judgeIntact(cluster, [transfer]),
          [`${scope}, flow of the stream`]: verdict.judgeStreaming(arrivals, limits),
        };
      },
    );
    holdAll(testInfo, judgements);
  },
);
