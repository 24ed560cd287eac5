import {
  answeredOk,
  clustersWithFailover,
  every,
  faultEvents,
  faultKinds,
  holdAll,
  istiodSettings,
  judgeEventually,
  judgeOutage,
  killPods,
  knownEndpoints,
  localFirst,
  lonelyIstiodBound,
  promise,
  reconnectBound,
  scale,
  test,
  timeouts,
  waysTo,
} from '../../harness/index.ts';

promise(
  {
    id: 'RES-11',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/reference/commands/pilot-discovery/',
      'https://github.com/istio/istio/issues/35082',
    ],
    disturbs: 'cluster',
    needsLab: true,
    lock: '-exclusive-',
    timeoutMs: 400_000,
  },
  'When a cluster is gone and its remote secret is left behind, a restarted istiod gets ready, local traffic goes on and new pods work.',
  async ({ mesh, ingress, underLoad, faults, apply, manifest }, testInfo) => {
    const [cluster, gone] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(!cluster || !gone, 'No two clusters have catalog, each alone in its region.');
    if (!cluster || !gone) return;
    const home = mesh.cluster(cluster);
    const before = (await home.pods('orders')).length;
    test.skip(before === 0, `${cluster} has no pod of orders that could be given a neighbour.`);
    const knownPods = async () => knownEndpoints(mesh, home, 'orders', { pods: await home.pods('orders') });
    // Only where it is needed: what was applied is undone before faults are healed, and a cluster that is gone undoes nothing.
    await apply(manifest(), { clusters: [cluster], awaitProxies: ownFirst });
    const isLocal = answeredOk({ region: home.file.region });
    const istiods = () => home.findPods({ namespace: mesh.file.rootNamespace, labels: { app: 'istiod' } });
    const old = new Set((await istiods()).map(({ uid }) => uid));
    const bound = lonelyIstiodBound(timeouts.podReadyMs, await istiodSettings(home, mesh.file.rootNamespace));

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin(isLocal);
    const fault = await under.inject(faultKinds.clusterGone, { cluster: gone });
    under.event('istiod is killed');
    await killPods(home, await istiods());
    const restarted = await judgeEventually(
      async () => (await istiods()).filter(({ uid, ready }) => ready && !old.has(uid)).length,
      { until: (ready) => ready > 0, withinMs: bound.ms, what: `a restarted istiod of ${cluster} is ready` },
    );
    under.event('istiod was waited for');
    await faults.use(() => scale(home, { namespace: mesh.file.namespace, name: 'orders' }, before + 1));
    const comes = await judgeEventually(
      async () => (await home.pods('orders')).filter(({ ready }) => ready).length,
      {
        until: (ready) => ready > before,
        withinMs: timeouts.podReadyMs,
        what: 'a new pod of orders is ready',
      },
    );
    const reached = await judgeEventually(knownPods, {
      ...{ until: (endpoints: number) => endpoints > before, withinMs: reconnectBound().ms },
      what: 'every proxy knows the new pod',
    });
    await under.settle(isLocal);
    await fault.heal();
    await under.settle(isLocal);
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        ...{ timeline, good: isLocal, fault: faultEvents },
        ...{ budgetErrors: 0, budgetMs: 0 },
      }),
    );
    holdAll(testInfo, { ...judgements, [`${cluster} on its own`]: every([restarted, comes, reached]) });

    function ownFirst(proxy: Parameters<ReturnType<typeof localFirst>>[0]) {
      return proxy.cluster !== cluster || localFirst(mesh, 'catalog')(proxy);
    }
  },
);
