import { meshes, verdict, holdAll, promise, test } from '../../harness/index.ts';

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
    const judgements = await verdict.judgeEach(
      mesh.clusters,
      ({ name }) => `remote secrets of ${name}`,
      async (cluster) =>
        verdict.judgeEach(
          await meshes.readerAccounts(mesh, cluster),
          ({ of, reads }) => `${of}→${reads}`,
          async (account) => verdict.judgeReader(await account.access()),
        ),
    );
    test.skip(
      Object.keys(judgements).length === 0,
      'No cluster holds a remote secret of another cluster of the mesh.',
    );
    holdAll(testInfo, judgements);
  },
);
