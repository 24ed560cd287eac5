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
  'While istiod of a cluster is down, its traffic is unaffected and new pods wait; when istiod is back, they start and are reached.',
  async ({ mesh, ingress, underLoad, faults }, testInfo) => {
    const orders = placements(mesh.file).find(({ service }) => service === 'orders');
    const [cluster] = Object.keys(orders?.pods ?? {});
    test.skip(cluster === undefined, 'No cluster has a pod of orders, so orders cannot be scaled up.');
    if (cluster === undefined) return;
    const home = mesh.cluster(cluster);
    const deployment = { namespace: mesh.file.namespace, name: 'orders' };
    const readyPods = async () => (await home.pods('orders')).filter(({ ready }) => ready).length;
    const before = await readyPods();
    const knownPods = async () => knownEndpoints(mesh, home, 'orders', { pods: await home.pods('orders') });
    const hasOneMore = { until: (pods: number) => pods > before, withinMs: timeouts.podReadyMs, inARow: 1 };

    // The time that a pod needs with istiod: without istiod, a new pod must not be ready within twice that time.
    const control = await faults.use(() => scale(home, deployment, before + 1));
    const { convergedMs } = await eventually(readyPods, { ...hasOneMore, what: 'one more pod of orders' });
    await control.restore();

    const under = await underLoad(waysTo('catalog', cluster, ingress));
    await under.begin();
    const fault = await under.inject(faultKinds.istiodDown, { cluster });
    await faults.use(() => scale(home, deployment, before + 1));
    const waits = await judgeConsistently(readyPods, {
      holds: (pods) => pods <= before,
      forMs: Math.ceil(2 * convergedMs),
      what: 'the number of ready pods of orders without istiod',
    });
    await fault.heal();
    const withinMs = podsReturnBound(under.faultMs, timeouts.podReadyMs).ms;
    const what = 'readiness of the waiting pod';
    const started = await judgeEventually(readyPods, { ...hasOneMore, withinMs, what });
    const reached = await judgeEventually(knownPods, {
      until: (endpoints) => endpoints > before,
      withinMs: pushBound().ms,
      what: 'the new pod in every proxy',
    });
    await under.settle();
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        fault: faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, { ...judgements, [`a new pod in ${cluster}`]: every([waits, started, reached]) });
  },
);
