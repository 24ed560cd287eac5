import { chaos, meshes, verdict, holdAll, promise, test, timeouts, type Apply } from '../../harness/index.ts';

promise(
  {
    id: 'DIS-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
      'https://istio.io/latest/docs/reference/commands/pilot-discovery/',
    ],
    disturbs: 'nothing',
  },
  'A pod added in one cluster becomes an endpoint in every other cluster within a bound, and a removed pod disappears.',
  async ({ mesh, apply }, testInfo) => {
    const homes = mesh.clusters.filter((home) => meshes.remoteView(mesh, home).from.length > 0);
    test.skip(homes.length === 0, 'No cluster has an east-west gateway and others on another network.');

    const judgements = await verdict.judgeEach(
      homes,
      ({ name }) => `pods of ${name}`,
      async (home) => Object.fromEntries(await comeAndGo(mesh, apply, home)),
    );
    holdAll(testInfo, judgements);
  },
);

/** Adds two pods to a dedicated service, removes one, and watches every client proxy on other networks. */
async function comeAndGo(
  mesh: meshes.Mesh,
  apply: Apply,
  home: meshes.MeshCluster,
): Promise<[string, verdict.Judgement][]> {
  const name = `dis-02-${home.name}`;
  await Promise.all(
    mesh.clusters.map(async (cluster) => {
      const objects = await meshes.ownWorkload(mesh, cluster.name, { name, home: home.name, pods: 1 });
      await apply(objects, { clusters: [cluster.name], awaitProxies: 'none' });
    }),
  );
  const view = meshes.remoteView(mesh, home);
  const { boundMs, quietMs } = verdict.discoveryBound(await view.settings(), timeouts.requestMs);
  const deployment = { namespace: home.namespace, name };

  const weights = verdict.weightsOf(view, home, name);
  const judgements: [string, verdict.Judgement][] = [];
  for (const [change, pods] of [
    ['first pod', 1],
    ['pod added', 2],
    ['pod removed', 1],
  ] as const) {
    await test.step(`${name}: ${change}`, async () => {
      await chaos.scale(home, deployment, pods);
      await chaos.awaitPods(home, deployment);
    });
    const judgement = await weights.become(pods, boundMs);
    judgements.push([`${home.name}, ${change}`, judgement]);
    if (judgement.verdict !== 'pass') break;
    // Ten times the quiet time that istiod waits for before a push.
    const held = await weights.stay(pods, 10 * quietMs);
    judgements.push([`${home.name}, after ${change}`, held]);
  }
  return judgements;
}
