import {
  crossings,
  discoveryBound,
  every,
  faultEvents,
  faultKinds,
  holdAll,
  judgeCoverage,
  judgeOutcomes,
  loadRate,
  promise,
  pushBound,
  remoteView,
  requestsToSeeAll,
  requestsToSeeFailures,
  resize,
  since,
  test,
  timeouts,
  waysTo,
  weightsOf,
} from '../../harness/index.ts';

const shrinking = 'catalog';

promise(
  {
    id: 'RES-06',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
      'https://istio.io/latest/docs/reference/commands/pilot-discovery/',
    ],
    disturbs: 'link',
    needsLab: true,
    timeoutMs: 240_000,
  },
  'While the link drops discovery, no request is lost and endpoints stay; changes during the fault arrive afterwards.',
  async ({ mesh, ingress, underLoad, faults, apply, manifest }, testInfo) => {
    const from = [...ingress.keys()][0] ?? mesh.clusters[0]?.name ?? '';
    const [remote] = crossings(mesh.file, from);
    test.skip(remote === undefined, 'No service has all its pods in one other cluster.');
    if (remote === undefined) return;
    const { service: growing, cluster } = remote;
    const home = mesh.cluster(cluster);
    const [few, one] = [(await home.pods(shrinking)).length, (await home.pods(growing)).length];
    test.skip(few === 0, `${shrinking} has no pod in ${cluster}, so it cannot be scaled up there.`);
    const view = remoteView(mesh, home);
    const settings = await view.settings();
    const [shrunk, grown] = [weightsOf(view, home, shrinking), weightsOf(view, home, growing)];
    const deployment = (name: string) => ({ namespace: home.namespace, name });
    await apply(manifest({ service: growing }), { clusters: [from], proxiesOf: ['webapp', 'probe'] });
    await faults.use(() => resize(home, deployment(shrinking), few + 1));
    await shrunk.await(few + 1, discoveryBound(settings, timeouts.requestMs).boundMs);

    const under = await underLoad(waysTo(growing, from, ingress));
    await under.begin();
    const before = await view.weights(growing);
    const fault = await under.inject(faultKinds.linkPartitioned, { ports: 'discovery' });
    const cutMs = under.clock.nowMs();
    await resize(home, deployment(shrinking), few);
    await faults.use(() => resize(home, deployment(growing), one + 1));
    const { ms: forMs } = pushBound();
    const kept = await Promise.all([shrunk.stay(few + 1, forMs), grown.stay(one, forMs)]);
    const { provenMs } = await fault.heal();
    // TCP retransmits after at most as long as the partition lasted: its pauses double.
    const { boundMs } = discoveryBound(settings, timeouts.requestMs + under.faultMs + provenMs);
    const arriving = [shrunk.become(few, boundMs), grown.grow(before, one + 1, boundMs)] as const;
    const [removed, added] = await Promise.all(arriving);
    const fromMs = under.clock.nowMs();
    under.event('proxies have the changes');
    const members = Object.fromEntries((await home.pods(growing)).map(({ name }) => [name, 1]));
    await under.further((2 * 1000 * requestsToSeeAll(members)) / loadRate);
    const judgements = await under.judge(testInfo, (timeline) =>
      every([
        judgeOutcomes({ timeline: since(timeline, faultEvents.injected), expected: 'ok' }),
        judgeOutcomes({
          timeline,
          window: { fromMs: cutMs },
          expected: 'ok',
          atLeast: requestsToSeeFailures(),
        }),
        judgeCoverage({ timeline, by: 'pod', window: { fromMs }, members }),
      ]),
    );
    const changed = { 'a pod removed during the fault': removed, 'a pod added during the fault': added };
    holdAll(testInfo, { 'while it is cut': every(kept), ...changed, ...judgements });
  },
);
