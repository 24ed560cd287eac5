import {
  crossings,
  faultEvents,
  faultKinds,
  holdAll,
  judgeOutage,
  promise,
  pushBound,
  test,
  waysTo,
} from '../../harness/index.ts';

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
    const [crossing] = mesh.file.clusters.flatMap(({ name }) =>
      crossings(mesh.file, name).map((to) => ({ from: name, to })),
    );
    test.skip(crossing === undefined, 'No service has all its pods in one other cluster.');
    if (crossing === undefined) return;
    const { from, to } = crossing;

    const under = await underLoad(waysTo(to.service, from, ingress));
    await under.begin();
    // The proof of the fault: istiod uses the new token, is synced, and holds every endpoint. Healing is a second rotation.
    const fault = await under.inject(faultKinds.remoteSecretRotated, { cluster: from, to: to.cluster });
    await fault.heal();
    await under.settle();
    // If istiod closes the old registry after it filled the new one, the endpoints disappear seconds later (istio #61043).
    await under.further(pushBound().ms);
    const judgements = await under.judge(testInfo, (timeline) =>
      judgeOutage({
        timeline,
        fault: faultEvents,
        budgetErrors: 0,
        budgetMs: 0,
      }),
    );
    holdAll(testInfo, judgements);
  },
);
