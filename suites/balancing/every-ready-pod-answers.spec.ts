import { meshes, traffic, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'BAL-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/',
      'https://istio.io/latest/docs/reference/config/networking/destination-rule/#ConnectionPoolSettings-HTTPSettings',
    ],
    disturbs: 'nothing',
    lock: 'catalog',
  },
  'Every ready pod of every cluster answers.',
  async ({ mesh, probes, apply, manifest }, testInfo) => {
    const isShared = meshes.shared(mesh.file).some(({ service }) => service === 'catalog');
    test.skip(!isShared, 'catalog has pods in one cluster only.');
    await apply(manifest({ namespace: mesh.file.namespace }));

    const pods = (await Promise.all(mesh.clusters.map((cluster) => cluster.pods('catalog')))).flat();
    const members = Object.fromEntries(pods.filter(({ ready }) => ready).map(({ name }) => [name, 1]));
    const count = verdict.requestsToSeeAll(members);
    const judgements = await verdict.judgeEach(
      probes.all,
      ({ cluster }) => `probe in ${cluster.name}`,
      async (caller) => {
        const send = async () => traffic.recordOf(await caller.call('catalog'));
        const timeline = await traffic.recordCount({ send, count });
        return verdict.judgeCoverage({ timeline, by: 'pod', members });
      },
    );
    holdAll(testInfo, judgements);
  },
);
