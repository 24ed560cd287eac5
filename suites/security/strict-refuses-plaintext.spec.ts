import {
  asBaseline,
  holdAll,
  judgeCalls,
  judgeEach,
  judgeEventually,
  placements,
  promise,
  recordOf,
  requestInWords,
  requestsToSeeFailures,
  test,
  timeouts,
  workloadPorts,
  type ExpectedCall,
  type RequestRecord,
} from '../../harness/index.ts';

/** The test must detect three answered calls of ten: such as one pod, or one rule. */
const count = requestsToSeeFailures(0.3);
const refusal = ['upstreamReset', 'connectFailure'] as const;
const fresh = { fresh: true };

promise(
  {
    id: 'SEC-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/security/authentication/mtls-migration/',
      'https://istio.io/latest/docs/reference/config/security/peer_authentication/',
    ],
    disturbs: 'nothing',
  },
  'Under STRICT, plaintext to a service and to a pod address is refused, and mutual TLS is answered.',
  async ({ mesh, probes, plain, apply, manifest }, testInfo) => {
    const targets = plain.all.flatMap(({ cluster }) => {
      const here = placements(mesh.file).filter(
        ({ service, pods }) => pods[cluster.name] && service !== 'probe',
      );
      // The last service: catalog and webapp come first, and other promises measure them.
      const service = here.at(-1)?.service;
      return service === undefined ? [] : [{ cluster, service }];
    });
    test.skip(targets.length === 0, 'No cluster has both a probe and another service.');

    const plaintext: ExpectedCall[] = [];
    const mutual: ExpectedCall[] = [];
    for (const { cluster, service } of targets) {
      const { ip } = await cluster.readyPod(service);
      const [outside, inside] = [plain.in(cluster.name), probes.in(cluster.name)];
      const add = (how: string, call: () => Promise<RequestRecord>) =>
        plaintext.push({ scope: `${service} in ${cluster.name}, ${how}`, call, expected: refusal, count });
      add('by service', async () => recordOf(await outside.call(service, fresh)));
      add('by pod address', async () => recordOf(await outside.callAddress(ip, workloadPorts.serve, fresh)));
      add('TCP by service', () => outside.callTcp(service));
      const call = async () => recordOf(await inside.call(service));
      mutual.push({ scope: `${service} in ${cluster.name}, mutual TLS`, call, expected: 'ok', count });
    }
    const switchTo = async (mode: string) => {
      for (const { cluster, service } of targets)
        await apply(manifest({ service, mode }), { clusters: [cluster.name] });
    };
    const answered = (expected: boolean) =>
      judgeEach(
        plaintext,
        ({ scope }) => scope,
        ({ call }) =>
          judgeEventually(call, {
            until: ({ outcome }) => (outcome === 'ok') === expected,
            withinMs: timeouts.propagationMs,
            what: `plaintext ${expected ? 'answered' : 'refused'}`,
            say: requestInWords,
          }),
      );

    await switchTo('PERMISSIVE');
    holdAll(testInfo, asBaseline(await answered(true)));
    await switchTo('STRICT');
    holdAll(testInfo, await answered(false));
    holdAll(testInfo, await judgeCalls([...plaintext, ...mutual]));
  },
);
