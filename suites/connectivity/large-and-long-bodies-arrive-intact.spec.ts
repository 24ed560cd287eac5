import {
  crossings,
  download,
  echo,
  holdAll,
  judgeIntact,
  judgeStreaming,
  promise,
  streamMs,
  takeStream,
  test,
  timeouts,
} from '../../harness/index.ts';

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
      crossings(mesh.file, caller.cluster.name).map((to) => ({ caller, ...to })),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');

    const judgements = await Promise.all(
      directions.map(async ({ caller, cluster, service }) => {
        const scope = `${caller.cluster.name}→${cluster} (${service})`;
        const [{ transfer, arrivals }, ...transfers] = await Promise.all([
          takeStream(caller, service),
          ...Array.from({ length: bodies }, () => download(caller, service, bodyBytes)),
          ...Array.from({ length: bodies }, () => echo(caller, service, bodyBytes)),
        ]);
        // The server may be two seconds ahead. A pause as long as the timeout of a request is a stall.
        const limits = { leastMs: streamMs - 2000, longestPauseMs: timeouts.requestMs };
        return [
          [`${scope}, bodies`, judgeIntact(cluster, transfers)],
          [`${scope}, stream`, judgeIntact(cluster, [transfer])],
          [`${scope}, flow of the stream`, judgeStreaming(arrivals, limits)],
        ] as const;
      }),
    );
    holdAll(testInfo, Object.fromEntries(judgements.flat()));
  },
);
