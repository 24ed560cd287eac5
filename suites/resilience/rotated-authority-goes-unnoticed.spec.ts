import { chaos, traffic, verdict, givenRemote, holdAll, promise } from '../../harness/index.ts';

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
    const { from, service, cluster } = givenRemote(mesh, testInfo);
    const home = mesh.cluster(cluster);
    const deployment = { namespace: mesh.file.namespace, name: service };
    const before = (await home.pods(service)).length;
    await apply(manifest({ service }), { clusters: [from], proxiesOf: ['webapp', 'probe'] });

    const under = await underLoad(traffic.loadPathsTo(service, from, ingress));
    await under.begin();
    // Without a rollout: other promises cover the cost of restarted pods and gateways.
    const rotation = { cluster, renew: 'none' as const };
    await under.inject(chaos.faults.intermediateRotated, rotation);
    await faults.use(() => chaos.scale(home, deployment, before + 1));
    await chaos.awaitPods(home, deployment);
    await under.further(verdict.pushBound().ms);
    const { workloads } = await traffic.readTrust(mesh, plain.in(cluster));
    const pods = (await home.pods(service)).map(({ name }) => name);
    const mixed = verdict.judgeMixedIssuers(
      workloads.filter(({ who }) => pods.some((pod) => who.endsWith(`/${pod}`))),
    );
    const fromMs = under.clock.nowMs();
    under.event(bothServe);
    const members = Object.fromEntries(pods.map((pod) => [pod, 1]));
    await under.further((2 * 1000 * verdict.requestsToSeeAll(members)) / traffic.loadRate);
    const judgements = await under.judge(testInfo, (timeline) =>
      verdict.every([
        verdict.judgeOutage({
          timeline,
          fault: { injected: chaos.faultEvents.injected },
          budgetErrors: 0,
          budgetMs: 0,
        }),
        verdict.judgeCoverage({ timeline, by: 'pod', window: { fromMs }, members }),
      ]),
    );
    holdAll(testInfo, { ...judgements, [`certificates of ${service}`]: mixed });
  },
);
