import { meshes, verdict, holdAll, promise, test } from '../../harness/index.ts';

promise(
  {
    id: 'CON-04',
    level: 'core',
    gate: 'tried',
    references: ['https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks'],
    disturbs: 'nothing',
    // Reads the pods of catalog: no other promise may change them at the same time.
    lock: 'catalog',
  },
  'For pods of other networks, client proxies have the address of an east-west gateway, never the pod address.',
  async ({ mesh }, testInfo) => {
    const networks = new Set(mesh.file.clusters.map(({ network }) => network));
    test.skip(networks.size < 2, 'All clusters of the mesh are on one network.');

    const judgements = await verdict.judgeEach(
      mesh.clusters,
      ({ name }) => name,
      async (cluster) => verdict.judgeCrossNetwork(await readAll(mesh, cluster)),
    );
    holdAll(testInfo, judgements);
  },
);

/** The endpoints that every client proxy of a cluster has for every service and port. */
async function readAll(mesh: meshes.Mesh, cluster: meshes.MeshCluster): Promise<verdict.ProxyEndpoints[]> {
  const { network } = cluster.file;
  const others = mesh.file.clusters.filter((one) => one.network !== network);
  const sameNetwork = mesh.clusters.filter((one) => one.file.network === network);
  const services = await Promise.all(
    meshes.placements(mesh.file).map(async ({ service, pods }) => ({
      service,
      ownPods: (await Promise.all(sameNetwork.map((one) => one.pods(service)))).flat().map(({ ip }) => ip),
      otherNetworks: others
        .filter(({ name }) => pods[name] !== undefined)
        .map((one) => ({
          network: one.network,
          regions: sameNetwork.some(({ file }) => file.region === one.region) ? [] : [one.region],
          gateways: one.eastWestGateway ? [one.eastWestGateway] : [],
        })),
    })),
  );
  const proxies = await Promise.all(
    (await meshes.clientProxies(mesh, cluster)).map(async (pod) => {
      const eds = await cluster.proxy(pod).eds();
      return services.flatMap((one) =>
        Object.values(meshes.servicePorts).map((port) => ({
          ...one,
          proxy: `${cluster.name}/${pod.name}`,
          port,
          localities: eds.get(meshes.outboundCluster(one.service, cluster.namespace, port)) ?? [],
        })),
      );
    }),
  );
  return proxies.flat();
}
