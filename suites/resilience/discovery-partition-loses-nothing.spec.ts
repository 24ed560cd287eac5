import {
  awaitPods,
  crossings,
  discoveryBound,
  faultKinds,
  holdAll,
  judgeConsistently,
  judgeEventually,
  judgeOutcomes,
  promise,
  remoteView,
  requestsToSeeFailures,
  scale,
  test,
  timeouts,
  waysTo,
} from '../../harness/index.ts';

const service = 'catalog';
/** Long enough for an istiod that lost its remote cluster to push that. */
const cutMs = 5_000;

promise(
  {
    id: 'RES-06',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
      'https://istio.io/latest/docs/reference/commands/pilot-discovery/',
    ],
    disturbs: 'link',
    timeoutMs: 120_000,
  },
  'While the link drops discovery, no request is lost and endpoints stay; what changed meanwhile arrives afterwards.',
  async ({ mesh, ingress, underLoad, faults }, testInfo) => {
    const from = [...ingress.keys()][0] ?? mesh.clusters[0]?.name ?? '';
    const [remote] = crossings(mesh.file, from);
    test.skip(remote === undefined, 'No service lives behind an east-west gateway alone.');
    if (remote === undefined) return;
    const home = mesh.cluster(remote.cluster);
    const view = remoteView(mesh, home);
    const pods = (await home.pods(service)).length;
    const weighs = (expected: number) => (seen: Record<string, number>) =>
      Object.values(seen).every((weight) => weight === expected);
    const what = (expected: number) => `client proxies elsewhere weigh ${home.name}'s gateway as ${expected}`;

    const under = await underLoad(waysTo(service, from, ingress));
    await under.begin();
    const fault = await under.inject(faultKinds.linkPartitioned, { ports: 'discovery' });
    const deployment = { namespace: home.namespace, name: service };
    faults.use(await scale(home, deployment, pods + 1));
    await awaitPods(home, deployment);
    const kept = await judgeConsistently(() => view.weights(service), {
      ...{ holds: weighs(pods), forMs: cutMs, what: what(pods) },
    });
    const { provenMs } = await fault.heal();
    // TCP tries again after at most as long as the partition lasted: its pauses double.
    const { boundMs } = discoveryBound(
      await view.settings(),
      timeouts.requestMs + fault.provenMs + cutMs + provenMs,
    );
    const arrived = await judgeEventually(() => view.weights(service), {
      ...{ until: weighs(pods + 1), withinMs: boundMs, what: what(pods + 1) },
    });
    const atLeast = requestsToSeeFailures();
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutcomes({ timeline, expected: 'ok', atLeast }),
    );
    holdAll(testInfo, { 'while it is cut': kept, afterwards: arrived, ...judgements });
  },
);
