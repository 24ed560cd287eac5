import { chaos, meshes, traffic, verdict, holdAll, promise, test, timeouts } from '../../harness/index.ts';

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
    const [cluster, gone] = meshes.clustersWithFailover(mesh.file, 'catalog');
    test.skip(
      !cluster || !gone,
      'catalog does not have pods in two clusters that are each alone in their region.',
    );
    if (!cluster || !gone) return;
    const home = mesh.cluster(cluster);
    const before = (await home.pods('orders')).length;
    test.skip(before === 0, `${cluster} has no pod of orders, so orders cannot be scaled up there.`);
    const knownPods = async () =>
      meshes.knownEndpoints(mesh, home, 'orders', { pods: await home.pods('orders') });
    // Not in the other cluster: objects are removed before faults are healed, and that fails in a cluster that is gone.
    await apply(manifest(), {
      clusters: [cluster],
      awaitProxies: (proxy) => proxy.cluster !== cluster || meshes.localFirst(mesh, 'catalog')(proxy),
    });
    const isLocal = verdict.answeredOk({ region: home.file.region });
    const istiods = () => home.findPods({ namespace: mesh.file.rootNamespace, labels: { app: 'istiod' } });
    const old = new Set((await istiods()).map(({ uid }) => uid));
    const bound = verdict.isolatedIstiodBound(
      timeouts.podReadyMs,
      await meshes.istiodSettings(home, mesh.file.rootNamespace),
    );

    const under = await underLoad(traffic.loadPathsTo('catalog', cluster, ingress));
    await under.begin(isLocal);
    const fault = await under.inject(chaos.faults.clusterGone, { cluster: gone });
    under.event('istiod is killed');
    const killed = await faults.inject(chaos.faults.istiodKilled, { cluster });
    const restarted = await verdict.judgeEventually(
      async () => (await istiods()).filter(({ uid, ready }) => ready && !old.has(uid)).length,
      {
        until: (ready) => ready > 0,
        withinMs: bound.ms - killed.provenMs,
        what: `readiness of a restarted istiod of ${cluster}`,
      },
    );
    under.event('end of the wait for istiod');
    await faults.use(() => chaos.scale(home, { namespace: mesh.file.namespace, name: 'orders' }, before + 1));
    const started = await verdict.judgeEventually(
      async () => (await home.pods('orders')).filter(({ ready }) => ready).length,
      {
        until: (ready) => ready > before,
        withinMs: timeouts.podReadyMs,
        what: 'readiness of a new pod of orders',
      },
    );
    const reached = await verdict.judgeEventually(knownPods, {
      until: (endpoints: number) => endpoints > before,
      withinMs: verdict.reconnectBound().ms,
      what: 'the new pod in every proxy',
    });
    await under.settle(isLocal);
    await fault.heal();
    await under.settle(isLocal);
    const judgements = await under.judge(testInfo, (timeline) =>
      verdict.judgeOutage({
        timeline,
        good: isLocal,
        fault: chaos.faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, { ...judgements, [`${cluster} alone`]: verdict.every([restarted, started, reached]) });
  },
);
