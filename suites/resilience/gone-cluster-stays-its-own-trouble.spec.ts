import {
  answeredOk,
  clustersWithFailover,
  every,
  faultEvents,
  faultKinds,
  holdAll,
  isolatedIstiodBound,
  istiodSettings,
  judgeEventually,
  judgeOutage,
  killPods,
  knownEndpoints,
  localFirst,
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
  'When a cluster is gone but its remote secret remains, a restarted istiod becomes ready, local traffic continues and new pods work.',
  async ({ mesh, ingress, underLoad, faults, apply, manifest }, testInfo) => {
    const [cluster, gone] = clustersWithFailover(mesh.file, 'catalog');
    test.skip(
      !cluster || !gone,
      'catalog does not have pods in two clusters that are each alone in their region.',
    );
    if (!cluster || !gone) return;
    const home = mesh.cluster(cluster);
    const before = (await home.pods('orders')).length;
    test.skip(before === 0, `${cluster} has no pod of orders, so orders cannot be scaled up there.`);
    const knownPods = async () => knownEndpoints(mesh, home, 'orders', { pods: await home.pods('orders') });
    // Not in the other cluster: objects are removed before faults are healed, and that fails in a cluster that is gone.
    await apply(manifest(), {
      clusters: [cluster],
      awaitProxies: (proxy) => proxy.cluster !== cluster || localFirst(mesh, 'catalog')(proxy),
    });
    const isLocal = answeredOk({ region: home.file.region });
    const istiods = () => home.findPods({ namespace: mesh.file.rootNamespace, labels: { app: 'istiod' } });
    const old = new Set((await istiods()).map(({ uid }) => uid));
    const bound = isolatedIstiodBound(
      timeouts.podReadyMs,
      await istiodSettings(home, mesh.file.rootNamespace),
    );

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin(isLocal);
    const fault = await under.inject(faultKinds.clusterGone, { cluster: gone });
    under.event('istiod is killed');
    await killPods(home, await istiods());
    const restarted = await judgeEventually(
      async () => (await istiods()).filter(({ uid, ready }) => ready && !old.has(uid)).length,
      {
        until: (ready) => ready > 0,
        withinMs: bound.ms,
        what: `readiness of a restarted istiod of ${cluster}`,
      },
    );
    under.event('end of the wait for istiod');
    await faults.use(() => scale(home, { namespace: mesh.file.namespace, name: 'orders' }, before + 1));
    const started = await judgeEventually(
      async () => (await home.pods('orders')).filter(({ ready }) => ready).length,
      {
        until: (ready) => ready > before,
        withinMs: timeouts.podReadyMs,
        what: 'readiness of a new pod of orders',
      },
    );
    const reached = await judgeEventually(knownPods, {
      until: (endpoints: number) => endpoints > before,
      withinMs: reconnectBound().ms,
      what: 'the new pod in every proxy',
    });
    await under.settle(isLocal);
    await fault.heal();
    await under.settle(isLocal);
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        good: isLocal,
        fault: faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, { ...judgements, [`${cluster} alone`]: every([restarted, started, reached]) });
  },
);
