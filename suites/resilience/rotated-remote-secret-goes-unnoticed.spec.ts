import { chaos, traffic, verdict, givenRemote, holdAll, promise } from '../../harness/index.ts';

promise(
  {
    id: 'RES-12',
    level: 'extended',
    references: [
      'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret',
      'https://github.com/istio/istio/issues/61043',
    ],
    disturbs: 'control-plane',
    timeoutMs: 150_000,
  },
  'When the remote secret of a cluster is rotated, no request to that cluster is lost.',
  async ({ mesh, ingress, underLoad }, testInfo) => {
    const { from, service, cluster } = givenRemote(mesh, testInfo);

    const under = await underLoad(traffic.loadPathsTo(service, from, ingress));
    await under.begin();
    // The proof of the fault: istiod uses the new token, is synced, and holds every endpoint. Healing is a second rotation.
    const fault = await under.inject(chaos.faults.remoteSecretRotated, { cluster: from, to: cluster });
    await fault.heal();
    await under.settle();
    // If istiod closes the old registry after it filled the new one, the endpoints disappear seconds later (istio #61043).
    await under.further(verdict.pushBound().ms);
    const judgements = await under.judge(testInfo, (timeline) =>
      verdict.judgeOutage({
        timeline,
        fault: chaos.faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, judgements);
  },
);
