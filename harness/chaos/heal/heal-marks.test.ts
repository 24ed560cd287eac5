import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { MeshFileCluster } from '../../config/mesh-file.ts';
import { applyAll } from '../../kube/cluster-api.ts';
import type { Stored } from '../../kube/fake-cluster.ts';
import { mergePatch } from '../../kube/merge-patch.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { FakeMeshCluster, fakeMesh } from '../../mesh/fake-mesh.ts';
import { signatureAnnotation } from '../../mesh/mark-signature.ts';
import { asTestObject } from '../../workloads/apply.ts';
import { regionLabel, regionLabelsLost } from '../clusters/region-labels-lost.ts';
import { setRevoked } from '../discovery/remote-secret-revoked.ts';
import { keepSecret, keptName, writeSecretData } from '../kept-secret.ts';
import { hostileLeftovers, movedSignature } from '../marks/hostile-sample.ts';
import { wordRefused, type MarkPolicy } from '../marks/mark.ts';
import { namespacesOf } from '../marks/scope.ts';
import { keepObjects } from '../objects/kept-objects.ts';
import { scale } from '../scale.ts';
import { restart, setReadiness } from '../template.ts';
import { healMarks } from './heal-marks.ts';

temporaryFolder('MESHPROOF_STATE');

const root = 'istio-system';

const deployment = (name: string, namespace = root): Stored => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name } },
  spec: {
    replicas: 2,
    selector: {},
    template: { spec: { containers: [{ name: 'c', readinessProbe: { initialDelaySeconds: 1 } }] } },
  },
});
const secret = (name: string, namespace = root): Stored => ({
  ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { east: 'YmVmb3Jl' } },
  metadata: { namespace, name },
});
const node = (name: string): Stored => ({
  ...{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { [regionLabel]: 'r1' } } },
});
const service = (name: string, spec: object = { type: 'ClusterIP' }): Stored => ({
  ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: root, name }, spec },
});

/** A mesh of one cluster, or of two that differ. */
function meshWith(fake = new FakeMeshCluster('west')) {
  for (const one of [deployment('istiod'), deployment('theirs'), node('a'), secret('cacerts')]) fake.put(one);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } });
  fake.put({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'workloads', name: 'p' } });
  const mesh = fakeMesh([fake], { rootNamespace: root });
  const refused: string[] = [];
  const policy = (trust?: MarkPolicy['trust']): MarkPolicy => ({
    refused: (mark) => refused.push(wordRefused(mark)),
    trust,
  });
  const heal = (trust?: MarkPolicy['trust']) => healMarks(mesh, fake.cluster, policy(trust));
  return { fake, mesh, refused, heal };
}

const places = {
  ...{ rootNamespace: root, workloads: 'workloads', foreign: 'team' },
  ...{ deployment: 'theirs', node: 'a', pod: 'p' },
};

function plant(fake: FakeMeshCluster, { create, mark }: ReturnType<typeof hostileLeftovers>[number]): void {
  if (create) fake.put(create);
  if (!mark) return;
  const { namespace, name } = mark.metadata ?? {};
  const there = fake.get(`${mark.kind} ${namespace ? `${namespace}/` : ''}${name}`);
  assert.ok(there, `${mark.kind} ${name} is there to be marked`);
  fake.put(mergePatch(there, mark) as Stored);
}

for (const leftover of hostileLeftovers(places))
  test(`${leftover.title}: nothing is written, and one line says so`, async () => {
    const { fake, refused, heal } = meshWith();
    plant(fake, leftover);
    assert.deepEqual(await heal(), []);
    assert.deepEqual(fake.writes, []);
    assert.equal(refused.length, 1, refused.join('\n'));
    assert.match(refused[0] ?? '', leftover.reported);
    assert.match(refused[0] ?? '', /^west: .*To delete the mark: `kubectl --context west-context .*`\.$/);
    assert.doesNotMatch(refused[0] ?? '', /\p{Cc}/u);
  });

test('hostile leftovers do not keep leftovers of this machine from being healed', async () => {
  const { fake, refused, heal } = meshWith();
  for (const leftover of hostileLeftovers(places)) plant(fake, leftover);
  fake.put(deployment('gateway'));
  await scale(fake.cluster, { namespace: root, name: 'gateway' }, 0);
  assert.deepEqual(await heal(), [`west: scaled ${root}/gateway to its 2 pods`]);
  assert.equal(refused.length, hostileLeftovers(places).length);
});

test('even a person who trusts all marks gives no rights and deletes no namespace', async () => {
  const { fake, heal } = meshWith();
  for (const leftover of hostileLeftovers(places).filter(({ create }) => create?.kind === 'ConfigMap'))
    plant(fake, leftover);
  const asked: string[] = [];
  await heal(async (mark) => asked.push(await mark.change()) > 0);
  assert.deepEqual(
    asked.map((change) => change.split('\n')[0]),
    ['Deployment istio-system/istiod is deleted'],
  );
  const touched = fake.writes.map((write) => write.split(' ')[1]);
  assert.deepEqual([...new Set(touched)].sort(), ['ConfigMap', 'Deployment']);
});

/** Every mark of this machine, as faults leave them. */
const genuine: Record<string, { leave: (fake: FakeMeshCluster) => Promise<unknown>; healed: RegExp }> = {
  'a number of pods': {
    leave: ({ cluster }) => scale(cluster, { namespace: root, name: 'istiod' }, 0),
    healed: /scaled istio-system\/istiod to its 2 pods/,
  },
  'a readiness': {
    leave: ({ cluster }) =>
      setReadiness(
        cluster,
        { namespace: root, name: 'istiod' },
        { container: 'c', initialDelaySeconds: 600 },
        { container: 'c', initialDelaySeconds: 1 },
      ),
    healed: /restored the readiness probe/,
  },
  'a restart': {
    leave: ({ cluster }) => restart(cluster, { namespace: root, name: 'istiod' }, 'abcdefgh'),
    healed: /removed the restart mark of istio-system\/istiod/,
  },
  'a region': {
    leave: (fake) => regionLabelsLost.inject(regionsOf(fake)),
    healed: /restored the region r1 of node a/,
  },
  'a remote secret without its label': {
    leave: ({ cluster }) => setRevoked(cluster, root, 'cacerts', 'abcdefgh'),
    healed: /restored the label of Secret istio-system\/cacerts/,
  },
  'a changed Secret': {
    leave: async ({ cluster }) => {
      await keepSecret(cluster, root, 'cacerts');
      await writeSecretData(cluster, root, 'cacerts', { east: 'eA==' });
    },
    healed: /restored the data of Secret istio-system\/cacerts/,
  },
  'a kept object': {
    leave: async (fake) => {
      const before = fake.put(service('gateway'));
      const header = { apiVersion: 'v1', kind: 'Service', namespace: root, name: 'gateway' };
      await keepObjects(fake.cluster, root, 'abcdefgh', [{ header, object: null }]);
      return before;
    },
    healed: /restored Service istio-system\/gateway/,
  },
  'an object of a test': {
    leave: async ({ cluster }) => applyAll(cluster.api, [await asTestObject(cluster, service('test'))]),
    healed: /removed Service istio-system\/test/,
  },
};

const regionsOf = (fake: FakeMeshCluster) => ({
  mesh: { cluster: () => fake.cluster } as unknown as Mesh,
  ...{ id: 'abcdefgh', parameters: { cluster: 'west' }, undo: { regions: { a: 'r1' } } },
});

for (const [title, { leave, healed }] of Object.entries(genuine)) {
  test(`${title} that this machine left is healed without the journal`, async () => {
    const { fake, refused, heal } = meshWith();
    await leave(fake);
    const lines = await heal();
    assert.match(lines.join('\n'), healed);
    assert.deepEqual(refused, []);
    assert.deepEqual([await heal(), refused], [[], []], 'nothing is left');
  });

  test(`${title} of another cluster, or of another machine, is left alone`, async () => {
    const { fake, heal, refused } = meshWith();
    await leave(fake);
    fake.writes.length = 0;
    const uid = fake.get('Namespace kube-system')?.metadata;
    assert.ok(uid);
    // The cluster was attached before: another object of it reads the uid again.
    const [again, changed] = [meshWith(), { ...uid, uid: 'another' }];
    for (const one of fake.stored.values()) again.fake.put(one);
    again.fake.stored.set('Namespace kube-system', { kind: 'Namespace', metadata: changed });
    assert.deepEqual([await again.heal(), again.fake.writes], [[], []]);
    assert.ok(again.refused.length > 0);
    for (const one of fake.stored.values())
      for (const name of Object.keys(one.metadata?.annotations ?? {}))
        if (name.endsWith('-signature'))
          one.metadata!.annotations![name] = randomBytes(32).toString('base64url');
    assert.deepEqual([await heal(), fake.writes], [[], []]);
    assert.ok(refused.length > 0);
  });
}

test('a genuine signature that is moved to another object or value is refused', async () => {
  const { fake, heal, refused } = meshWith();
  await scale(fake.cluster, { namespace: root, name: 'istiod' }, 0);
  const istiod = fake.get(`Deployment ${root}/istiod`) as Stored;
  const annotations = { ...istiod.metadata?.annotations };
  const mark = (name: string, namespace: string, over: object) =>
    fake.put({
      ...deployment(name, namespace),
      metadata: { namespace, name, annotations: { ...annotations, ...over } },
    });
  mark('theirs', root, {});
  mark('istiod', 'workloads', {});
  mark('istiod', root, { 'meshproof.dev/replicas-before': '9' });
  fake.put(
    mergePatch(node('a'), {
      metadata: {
        annotations: {
          'meshproof.dev/region-before': 'x',
          [signatureAnnotation('region')]: Object.values(movedSignature('replicas', istiod))[0],
        },
      },
    }) as Stored,
  );
  fake.writes.length = 0;
  assert.deepEqual([await heal(), fake.writes], [[], []]);
  assert.equal(refused.length, 4, refused.join('\n'));
});

test('an old copy of objects that is created again has another uid, and is refused', async () => {
  const { fake, heal, refused } = meshWith();
  await genuine['a kept object']?.leave(fake);
  const key = `ConfigMap ${root}/meshproof-kept-objects-abcdefgh`;
  const copy = fake.get(key) as Stored;
  await heal();
  fake.put({ ...copy, metadata: { ...copy.metadata, uid: 'later' } });
  fake.put(service('gateway'));
  fake.writes.length = 0;
  assert.deepEqual([await heal(), fake.writes], [[], []]);
  assert.match(refused.join(), /restore "Service istio-system\/gateway": not done/);
});

test('a copy of a Secret that was changed meanwhile is refused', async () => {
  const { fake, heal, refused } = meshWith();
  await genuine['a changed Secret']?.leave(fake);
  const copy = fake.get(`Secret ${root}/${keptName('cacerts')}`) as Stored;
  copy['data'] = { east: 'aG9zdGlsZQ==' };
  fake.writes.length = 0;
  assert.deepEqual([await heal(), fake.writes], [[], []]);
  assert.match(refused.join(), /kept-cacerts asks to write its data/);
});

test('a mark of another machine is used only if a person trusts it', async () => {
  const { fake, heal, refused } = meshWith();
  await scale(fake.cluster, { namespace: root, name: 'istiod' }, 0);
  const { annotations } = fake.get(`Deployment ${root}/istiod`)?.metadata ?? {};
  delete annotations?.[signatureAnnotation('replicas')];
  fake.writes.length = 0;
  assert.deepEqual([await heal(() => Promise.resolve(false)), fake.writes], [[], []]);
  assert.match(refused[0] ?? '', /because you declined it/);
  const changes: string[] = [];
  const healed = await heal(async (mark) => changes.push(await mark.change()) > 0);
  assert.deepEqual(changes, [`Deployment ${root}/istiod: 0 pods → 2 pods`]);
  assert.deepEqual(healed, [`west: scaled ${root}/istiod to its 2 pods`]);
});

test('without the key of the state folder marks are not used', async () => {
  const { fake, heal } = meshWith();
  await scale(fake.cluster, { namespace: root, name: 'istiod' }, 0);
  const { ensureMarkKey } = await import('../../config/state-key.ts');
  const folder = process.env['MESHPROOF_STATE'] ?? '';
  const key = readFileSync(join(folder, 'mark-key'));
  rmSync(join(folder, 'mark-key'));
  const other = await ensureMarkKey(folder);
  assert.notDeepEqual(other, key);
  writeFileSync(join(folder, 'mark-key'), key, { mode: 0o600 });
  assert.equal((await heal()).length, 1);
});

test('an object that somebody has changed since is reported, and the rest is healed', async () => {
  const { fake, heal } = meshWith();
  await genuine['a changed Secret']?.leave(fake);
  await genuine['a region']?.leave(fake);
  (fake.get(`Secret ${root}/cacerts`) as Stored)['data'] = { east: 'dGhlaXJz' };
  await assert.rejects(heal(), /^ChangedSince: Secret istio-system\/cacerts of west was not restored/);
  assert.equal(fake.get('Node a')?.metadata?.labels?.[regionLabel], 'r1');
});

/** The mesh file may put the east-west gateway into a namespace of its own. */
function withGateway(namespace: string) {
  const { fake, mesh } = meshWith();
  const eastWestGateway = { address: '192.0.2.1', port: 15443, namespace, deployment: 'gw' };
  const file = { ...fake.cluster.file, eastWestGateway } as MeshFileCluster;
  const west = new MeshCluster(file, fake.cluster.api, 'workloads');
  return { fake, west, mesh: new Mesh(mesh.file, [west]) };
}

test('a gateway in its own namespace is scaled to its pods without the journal', async () => {
  const { fake, west, mesh } = withGateway('gateways');
  fake.put(deployment('gw', 'gateways'));
  await scale(west, { namespace: 'gateways', name: 'gw' }, 0);
  const refused = () => assert.fail();
  assert.deepEqual(await healMarks(mesh, west, { refused }), ['west: scaled gateways/gw to its 2 pods']);
});

test('each namespace in which faults act is read once', () => {
  const namespaces = (gateway: string) => {
    const { mesh, west } = withGateway(gateway);
    return namespacesOf(mesh, west);
  };
  assert.deepEqual(namespaces('gateways'), ['workloads', 'istio-system', 'gateways']);
  assert.deepEqual(namespaces('istio-system'), ['workloads', 'istio-system']);
});
