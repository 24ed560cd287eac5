import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeshFile, parsePartialMesh } from '../config/load.ts';
import { addClusters } from './add-clusters.ts';
import { completeFromClusters, discoverMesh } from './discover.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { fakeCluster, startClusters, type FakeCluster } from './fake-clusters.ts';
import { meshFileText } from './mesh-file-text.ts';
import { NotAMesh } from './not-a-mesh.ts';

type Lists = ReturnType<typeof fakeCluster>['lists'];

/** West and east as they are, or as a test changes east. */
function pair(change: (east: Lists) => void = () => undefined): Record<string, FakeCluster> {
  const east = fakeCluster('east');
  change(east.lists);
  return { 'ctx-west': fakeCluster('west'), 'ctx-east': east };
}

async function described(clusters: Record<string, FakeCluster>) {
  await using fake = await startClusters(clusters);
  const mesh = await discoverMesh(fake.given);
  return { mesh, text: meshFileText(mesh, fake.folder), given: fake.given };
}

const gatewayOf = async (change: (east: Lists) => void) => {
  const { mesh } = await described(pair(change));
  const [, east] = mesh.clusters;
  return east?.found.eastWestGateway ?? east?.hints.eastWestGateway?.reason;
};

const serviceOf = (lists: Lists) =>
  lists['/api/v1/services']?.[0] as unknown as {
    metadata: { name: string; labels: Record<string, string> };
    spec: { type: string; externalIPs?: string[] };
    status: { loadBalancer: { ingress?: object[] } };
  };

test('the mesh file of two clusters loads and has what the clusters state', async () => {
  const { text } = await described(pair());
  const file = parseMeshFile(text, '/m/mesh.yaml');
  assert.deepEqual(
    [file.meshId, file.trustDomain, file.rootNamespace],
    ['shop', 'mesh.example', 'istio-system'],
  );
  const [, east] = file.clusters;
  assert.deepEqual(east, {
    name: 'east',
    context: 'ctx-east',
    kubeconfig: '/m/kubeconfig',
    role: 'primary',
    network: 'east-net',
    region: 'region-east',
    zone: 'zone-east',
    eastWestGateway: {
      address: '10.0.0.3',
      port: 15443,
      namespace: 'istio-system',
      deployment: 'eastwest-pods',
    },
  });
  assert.deepEqual(
    file.services.map(({ name, pods }) => [name, pods]),
    [
      ['webapp', { west: 1 }],
      ['catalog', { west: 2, east: 2 }],
      ['inventory', { east: 1 }],
      ['orders', { west: 1 }],
      ['probe', { west: 1, east: 1 }],
    ],
  );
});

test('a gateway is found by host name, externalIPs, NodePort and as a Kubernetes Gateway', async () => {
  const at = async (change: (service: ReturnType<typeof serviceOf>) => void) => {
    const found = await gatewayOf((lists) => change(serviceOf(lists)));
    return typeof found === 'object' ? `${found.address}:${found.port}` : found;
  };
  assert.equal(
    await at(({ status }) => (status.loadBalancer.ingress = [{ hostname: 'gw.test' }])),
    'gw.test:15443',
  );
  const noBalancer = ({ status }: ReturnType<typeof serviceOf>) => (status.loadBalancer = {});
  assert.equal(
    await at((one) => {
      noBalancer(one);
      one.spec.externalIPs = ['192.0.2.1'];
    }),
    '192.0.2.1:15443',
  );
  assert.equal(
    await at((one) => {
      noBalancer(one);
      one.spec.type = 'NodePort';
    }),
    '10.0.0.9:31443',
  );
  assert.match(String(await at(noBalancer)), /does not have an address from outside/);
  const gateway = {
    metadata: { namespace: 'gw', name: 'ew' },
    spec: { gatewayClassName: 'istio-east-west', listeners: [{ port: 15008, protocol: 'HBONE' }] },
    status: { addresses: [{ value: '192.0.2.7' }] },
  };
  const kubernetes = (lists: Lists) => {
    lists['/api/v1/services'] = [];
    lists['/apis/gateway.networking.k8s.io/v1/gateways'] = [gateway];
  };
  assert.deepEqual(await gatewayOf(kubernetes), {
    address: '192.0.2.7',
    port: 15008,
    namespace: 'gw',
    deployment: 'ew',
  });
});

test('a network comes from meshNetworks if the namespace has no label', async () => {
  const { mesh } = await described(
    pair((lists) => {
      lists['/api/v1/namespaces']?.pop();
      const data = { meshNetworks: 'networks: { n2: { endpoints: [{ fromRegistry: east }] } }' };
      const [map] = lists['/api/v1/configmaps'] as [{ data: object }];
      map.data = data;
    }),
  );
  assert.equal(mesh.clusters[1]?.found.network, 'n2');
});

test('an account that must not list nodes gets comments that say where to look', async () => {
  const clusters = pair();
  (clusters['ctx-east'] as FakeCluster).lists['/api/v1/nodes'] = 403;
  const { text } = await described(clusters);
  assert.match(
    text,
    /# region: not found, because nodes could not be read: .*403.*Look: kubectl --context ctx-east get nodes/,
  );
  assert.throws(
    () => parseMeshFile(text, 'm.yaml'),
    /clusters\[1\]\.region: is missing[^]*clusters\[1\]\.zone[^]*run `meshproof init`/,
  );
  assert.equal(parsePartialMesh(text, 'm.yaml').clusters.length, 2);
});

test('an API server that does not answer is reported within 5 s, and the rest is written', async () => {
  const west = fakeCluster('west');
  const annotations = { 'networking.istio.io/cluster': 'east' };
  west.lists['/api/v1/secrets'] = [{ metadata: { name: 's', annotations } }];
  const startMs = performance.now();
  const { text } = await described({ 'ctx-west': west, 'ctx-east': { lists: {}, silent: true } });
  assert.ok(performance.now() - startMs < 5_000);
  assert.match(text, /# The API server of context ctx-east did not answer: .*no answer within/);
  const [first, second] = parsePartialMesh(text, 'm.yaml').clusters;
  assert.equal(first?.network, 'west-net');
  assert.equal(second?.name, 'east', 'the only name in the remote secrets that no cluster has');
});

test('a cluster without Istio, and two contexts of one cluster, are refused', async () => {
  const without = pair((lists) => {
    lists['/apis/apps/v1/deployments'] = [];
    lists['/api/v1/configmaps'] = [];
  });
  const refusal = (error: unknown, words: RegExp) => error instanceof NotAMesh && words.test(error.message);
  await assert.rejects(described(without), (error) => refusal(error, /context ctx-east does not have Istio/));
  const twice = { a: fakeCluster('west'), b: fakeCluster('west') };
  await assert.rejects(described(twice), (error) => refusal(error, /Contexts a and b are of one cluster/));
});

test('the cluster of an external control plane is named by its context', async () => {
  const external = fakeCluster('served');
  const served = fakeCluster('served');
  served.lists['/apis/apps/v1/deployments'] = [];
  const values = JSON.stringify({ global: { multiCluster: { clusterName: 'served' } } });
  served.lists['/api/v1/configmaps'] = [
    { metadata: { namespace: 'istio-system', name: 'istio-sidecar-injector' }, data: { values } },
  ];
  served.lists['/api/v1/namespaces'] = [{ metadata: { name: 'kube-system', uid: 'other' } }];
  const { mesh } = await described({ control: external, apps: served });
  assert.deepEqual(
    mesh.clusters.map(({ found }) => [found.name, found.role]),
    [
      ['control', 'external'],
      ['served', 'remote'],
    ],
  );
});

test('a second run keeps what a person edited, and adds the cluster that is missing', async () => {
  const { mesh, text } = await described(pair());
  const alone = meshFileText({ ...mesh, clusters: mesh.clusters.slice(0, 1) }, '/m');
  const edited = alone.replace('region: region-west', 'region: moon # by hand');
  const again = addClusters(edited, '/m/mesh.yaml', mesh);
  assert.deepEqual(again.added, ['ctx-east']);
  assert.deepEqual(again.differences, ['west: the file has region moon, the cluster has region-west']);
  for (const line of edited.split('\n')) assert.ok(again.text.includes(line), line);
  assert.equal(parseMeshFile(again.text, '/m/mesh.yaml').clusters[1]?.network, 'east-net');
  assert.equal(addClusters(text, '/m/mesh.yaml', mesh).text, text);
  assert.throws(
    () =>
      addClusters('clusters: [{ context: x }]\napiVersion: meshproof.dev/v1\nkind: Mesh\n', 'm.yaml', mesh),
    NotAMesh,
  );
});

test('the doctor gets a complete mesh, and which fields no file declares', async () => {
  await using fake = await startClusters(pair());
  const [west, east] = fake.given;
  if (!west || !east) assert.fail();
  const mesh = { apiVersion: 'meshproof.dev/v1', kind: 'Mesh', namespace: 'meshproof' } as const;
  const given = { ...mesh, clusters: [{ ...west, region: 'moon' }, east] };
  const { file, undeclared } = await completeFromClusters(given);
  assert.deepEqual(
    file.clusters.map(({ name, region, network }) => [name, region, network]),
    [
      ['west', 'moon', 'west-net'],
      ['east', 'region-east', 'east-net'],
    ],
  );
  assert.deepEqual(undeclared.mesh, ['meshId', 'trustDomain', 'rootNamespace', 'services']);
  assert.deepEqual(undeclared.clusters, [
    ['name', 'role', 'network', 'zone', 'eastWestGateway'],
    ['name', 'role', 'network', 'region', 'zone', 'eastWestGateway'],
  ]);
});

test('of two meshes in a cluster, the mesh that the other clusters read is discovered', async () => {
  const clusters = pair((east) => {
    const [istiod] = structuredClone(east['/apis/apps/v1/deployments'] ?? []) as {
      metadata: object;
      spec: { template: { spec: { containers: { env: object[] }[] } } };
    }[];
    if (!istiod) assert.fail();
    istiod.metadata = { namespace: 'istio-dev', name: 'istiod-dev', labels: { 'istio.io/rev': 'dev' } };
    istiod.spec.template.spec.containers[0]!.env = [{ name: 'CLUSTER_ID', value: 'dev' }];
    east['/apis/apps/v1/deployments']?.unshift(istiod);
    east['/api/v1/configmaps']?.unshift({
      metadata: { namespace: 'istio-dev', name: 'istio-sidecar-injector-dev' },
      data: {},
    });
  });
  const secret = { metadata: { annotations: { 'networking.istio.io/cluster': 'east' } } };
  const { mesh: alone } = await described(clusters);
  assert.equal(alone.clusters[1]?.found.name, 'dev');
  (clusters['ctx-west']?.lists as Lists)['/api/v1/secrets'] = [secret];
  const { mesh } = await described(clusters);
  assert.equal(mesh.clusters[1]?.found.name, 'east');
  assert.equal(mesh.rootNamespace, 'istio-system');
  assert.deepEqual(mesh.clusters[1]?.notes, []);
  await using fake = await startClusters(clusters);
  const file = { apiVersion: 'meshproof.dev/v1', kind: 'Mesh', namespace: 'meshproof' } as const;
  const dev = await completeFromClusters({ ...file, rootNamespace: 'istio-dev', clusters: fake.given });
  assert.equal(dev.file.clusters[1]?.name, 'dev');
});

test('a cluster whose name is not known cannot be judged', async () => {
  await using fake = await startApiServers({ 'ctx-east': 'http://127.0.0.1:1' });
  const mesh = { apiVersion: 'meshproof.dev/v1', kind: 'Mesh', namespace: 'meshproof' } as const;
  const clusters = [{ context: 'ctx-east', kubeconfig: fake.kubeconfig }];
  await assert.rejects(
    completeFromClusters({ ...mesh, clusters }),
    /The Istio name of the cluster of context ctx-east is not known: .*did not answer/,
  );
});
