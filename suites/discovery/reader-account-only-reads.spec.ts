import { holdAll, judgeReader, promise, readerAccounts, test } from '../../harness/index.ts';

promise(
  {
    id: 'DIS-03',
    level: 'core',
    gate: 'tried',
    references: [
      'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret',
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
      'https://kubernetes.io/docs/concepts/security/rbac-good-practices/',
    ],
    disturbs: 'nothing',
  },
  'The account that istiod uses for a remote cluster can read all that istiod needs, and can do nothing else.',
  async ({ mesh }, testInfo) => {
    const accounts = (
      await Promise.all(mesh.clusters.map((cluster) => readerAccounts(mesh, cluster)))
    ).flat();
    test.skip(accounts.length === 0, 'No cluster holds a remote secret of another cluster of the mesh.');

    const judgements = await Promise.all(
      accounts.map(async (account) => {
        const access = await account.access();
        return [`${account.of}→${account.reads}`, judgeReader(access)] as const;
      }),
    );
    holdAll(testInfo, Object.fromEntries(judgements));
  },
);
