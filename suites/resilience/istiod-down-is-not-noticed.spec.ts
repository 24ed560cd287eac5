import {
  every,
  eventually,
  faultEvents,
  faultKinds,
  holdAll,
  judgeConsistently,
  judgeEventually,
  judgeOutage,
  knownEndpoints,
  placements,
  podsReturnBound,
  promise,
  pushBound,
  scale,
  test,
  timeouts,
  waysTo,
} from '../../harness/index.ts';

promise(
  {
    id: 'RES-08',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/architecture/',
      'https://istio.io/latest/docs/ops/common-problems/injection/',
    ],
    disturbs: 'control-plane',
    timeoutMs: 420_000,
  },
  'While a cluster has no istiod its traffic goes on untouched and new pods wait; once it is back they come and are reached.',
  async ({ mesh, ingress, underLoad, faults }, testInfo) => {
    const orders = placements(mesh.file).find(({ service }) => service === 'orders');
    const [cluster] = Object.keys(orders?.pods ?? {});
    test.skip(cluster === undefined, 'No cluster has a pod of orders that could be given a neighbour.');
    if (cluster === undefined) return;
    const home = mesh.cluster(cluster);
    const deployment = { namespace: mesh.file.namespace, name: 'orders' };
    const readyPods = async () => (await home.pods('orders')).filter(({ ready }) => ready).length;
    const before = await readyPods();
    const knownPods = async () => knownEndpoints(mesh, home, 'orders', { pods: await home.pods('orders') });
    const isThere = { until: (pods: number) => pods > before, withinMs: timeouts.podReadyMs, inARow: 1 };

    // How long a pod takes with an istiod: without one, none may come in twice that.
    const control = await faults.use(() => scale(home, deployment, before + 1));
    const { convergedMs } = await eventually(readyPods, { ...isThere, what: 'a pod of orders more' });
    await control.restore();

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin();
    const fault = await under.inject(faultKinds.istiodDown, { cluster });
    await faults.use(() => scale(home, deployment, before + 1));
    const waits = await judgeConsistently(readyPods, {
      ...{ holds: (pods) => pods <= before, forMs: Math.ceil(2 * convergedMs) },
      what: 'that no pod more of orders is ready while there is no istiod',
    });
    await fault.heal();
    const withinMs = podsReturnBound(under.faultMs, timeouts.podReadyMs).ms;
    const what = 'the pod that waited is ready';
    const comes = await judgeEventually(readyPods, { ...isThere, withinMs, what });
    const reached = await judgeEventually(knownPods, {
      ...{ until: (endpoints) => endpoints > before, withinMs: pushBound().ms },
      what: 'every proxy knows the pod that waited',
    });
    await under.settle();
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        ...{ timeline, fault: faultEvents },
        ...{ budgetErrors: 0, budgetMs: 0 },
      }),
    );
    holdAll(testInfo, { ...judgements, [`a new pod in ${cluster}`]: every([waits, comes, reached]) });
  },
);
