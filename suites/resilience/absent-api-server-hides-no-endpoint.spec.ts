import {
  crossings,
  eventually,
  faultEvents,
  faultKinds,
  holdAll,
  judgeEventually,
  judgeOutage,
  knownEndpoints,
  promise,
  pushBound,
  scale,
  test,
  timeouts,
  waysTo,
} from '../../harness/index.ts';

promise(
  {
    id: 'RES-09',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-clusters',
      'https://github.com/istio/istio/issues/45992',
    ],
    disturbs: 'control-plane',
    needsLab: true,
    timeoutMs: 240_000,
  },
  'While the API server of another cluster is down, proxies that newly connect to istiod still reach that cluster.',
  async ({ mesh, ingress, underLoad, faults }, testInfo) => {
    const [cluster] = [...ingress.keys()];
    const crossing = cluster === undefined ? undefined : crossings(mesh.file, cluster)[0];
    test.skip(
      !cluster || !crossing,
      'No cluster has an ingress and a service with all its pods in another cluster.',
    );
    if (!cluster || !crossing) return;
    const home = mesh.cluster(cluster);
    const old = new Set((await home.pods('webapp')).map(({ uid }) => uid));
    const fresh = async () => (await home.pods('webapp')).filter(({ uid, ready }) => ready && !old.has(uid));

    const under = await underLoad(waysTo(crossing.service, cluster, ingress));
    await under.begin();
    const fault = await under.inject(faultKinds.apiServerDown, { cluster: crossing.cluster });
    // A new pod of webapp: its proxy connects while istiod's watches of that cluster fail, and gets a part of the load.
    await faults.use(() => scale(home, { namespace: mesh.file.namespace, name: 'webapp' }, old.size + 1));
    await eventually(fresh, {
      until: (pods) => pods.length > 0,
      withinMs: timeouts.podReadyMs,
      inARow: 1,
      what: `another pod of webapp in ${cluster}`,
    });
    under.event('another proxy has connected');
    const known = await judgeEventually(
      async () => knownEndpoints(mesh, home, crossing.service, { proxies: await fresh() }),
      {
        until: (endpoints) => endpoints > 0 && Number.isFinite(endpoints),
        withinMs: pushBound().ms,
        what: `endpoints of ${crossing.service} in ${crossing.cluster} in the new proxy`,
      },
    );
    await under.further(pushBound().ms);
    await fault.heal();
    await under.settle();
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        fault: faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, { ...judgements, [`a new proxy in ${cluster}`]: known });
  },
);
