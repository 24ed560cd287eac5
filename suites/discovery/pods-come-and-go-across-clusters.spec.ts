import {
  awaitPods,
  discoveryBound,
  holdAll,
  ownWorkload,
  promise,
  remoteView,
  scale,
  test,
  timeouts,
  weightsOf,
  type Apply,
  type Judgement,
  type Mesh,
  type MeshCluster,
} from '../../harness/index.ts';

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
    const homes = mesh.clusters.filter((home) => remoteView(mesh, home).from.length > 0);
    test.skip(homes.length === 0, 'No cluster has an east-west gateway and others on another network.');

    const judgements = await Promise.all(homes.map((home) => comeAndGo(mesh, apply, home)));
    holdAll(testInfo, Object.fromEntries(judgements.flat()));
  },
);

/** Adds two pods to a dedicated service, removes one, and watches every client proxy on other networks. */
async function comeAndGo(mesh: Mesh, apply: Apply, home: MeshCluster): Promise<[string, Judgement][]> {
  const name = `dis-02-${home.name}`;
  await Promise.all(
    mesh.clusters.map(async (cluster) => {
      const objects = await ownWorkload(mesh, cluster.name, { name, home: home.name, pods: 1 });
      await apply(objects, { clusters: [cluster.name], awaitProxies: 'none' });
    }),
  );
  const view = remoteView(mesh, home);
  const { boundMs, quietMs } = discoveryBound(await view.settings(), timeouts.requestMs);
  const deployment = { namespace: home.namespace, name };

  const weights = weightsOf(view, home, name);
  const judgements: [string, Judgement][] = [];
  for (const [change, pods] of [
    ['first pod', 1],
    ['pod added', 2],
    ['pod removed', 1],
  ] as const) {
    await test.step(`${name}: ${change}`, async () => {
      await scale(home, deployment, pods);
      await awaitPods(home, deployment);
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
