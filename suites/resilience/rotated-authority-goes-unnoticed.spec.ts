import {
  awaitPods,
  crossings,
  every,
  faultEvents,
  faultKinds,
  holdAll,
  judgeCoverage,
  judgeMixedIssuers,
  judgeOutage,
  loadRate,
  promise,
  pushBound,
  readTrust,
  requestsToSeeAll,
  scale,
  test,
  waysTo,
} from '../../harness/index.ts';

const bothServe = 'pods with certificates of both authorities serve';

promise(
  {
    id: 'RES-13',
    level: 'extended',
    references: ['https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/'],
    disturbs: 'control-plane',
    needsLab: true,
    timeoutMs: 300_000,
  },
  'When a cluster changes to another intermediate of the same root, pods with either certificate serve, and no request is lost.',
  async ({ mesh, plain, ingress, underLoad, faults, apply, manifest }, testInfo) => {
    const [crossing] = mesh.file.clusters.flatMap(({ name }) =>
      crossings(mesh.file, name).map((to) => ({ from: name, to })),
    );
    test.skip(crossing === undefined, 'No service has all its pods in one other cluster.');
    if (crossing === undefined) return;
    const { from, to } = crossing;
    const home = mesh.cluster(to.cluster);
    const deployment = { namespace: mesh.file.namespace, name: to.service };
    const before = (await home.pods(to.service)).length;
    await apply(manifest({ service: to.service }), { clusters: [from], proxiesOf: ['webapp', 'probe'] });

    const under = await underLoad(waysTo(to.service, from, ingress));
    await under.begin();
    // Without a rollout: other promises cover the cost of restarted pods and gateways.
    const rotation = { cluster: to.cluster, renew: 'none' as const };
    await under.inject(faultKinds.intermediateRotated, rotation);
    await faults.use(() => scale(home, deployment, before + 1));
    await awaitPods(home, deployment);
    await under.further(pushBound().ms);
    const { workloads } = await readTrust(mesh, plain.in(to.cluster));
    const pods = (await home.pods(to.service)).map(({ name }) => name);
    const mixed = judgeMixedIssuers(
      workloads.filter(({ who }) => pods.some((pod) => who.endsWith(`/${pod}`))),
    );
    const fromMs = under.clock.nowMs();
    under.event(bothServe);
    const members = Object.fromEntries(pods.map((pod) => [pod, 1]));
    await under.further((2 * 1000 * requestsToSeeAll(members)) / loadRate);
    const judgements = await under.judge(testInfo, (timeline) =>
      every([
        judgeOutage({
          timeline,
          fault: { injected: faultEvents.injected },
          budgetErrors: 0,
          budgetMs: 0,
        }),
        judgeCoverage({ timeline, by: 'pod', window: { fromMs }, members }),
      ]),
    );
    holdAll(testInfo, { ...judgements, [`certificates of ${to.service}`]: mixed });
  },
);
