import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiException, type KubernetesObject } from '#kubernetes-client';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { mergePatch } from '../../kube/merge-patch.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { keptObjectMarks } from '../marks/kept-objects.ts';
import { MarkHealing } from '../marks/mark.ts';
import { parametersOf } from '../parameters.ts';
import { asWritten, contentHash } from './comparison.ts';
import { objectsChanged } from './objects-changed.ts';

temporaryFolder('MESHPROOF_STATE');

type Stored = KubernetesObject & Record<string, any>;
interface Named {
  name: string;
  namespace: string;
}
const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind} ${metadata?.namespace}/${metadata?.name}`;

/** An API server that forgets nothing and counts writes; after `writes` of them it refuses, as when a process is killed. */
class FakeApi {
  readonly stored = new Map<string, Stored>();
  left = Infinity;
  #version = 0;

  constructor(objects: Stored[]) {
    for (const one of objects) this.#put(one);
  }

  #put(one: Stored): Stored {
    const uid = this.stored.get(keyOf(one))?.metadata?.uid ?? `u${this.#version}`;
    const metadata = { ...one.metadata, resourceVersion: `${++this.#version}`, uid };
    const stored = structuredClone({ ...one, metadata });
    this.stored.set(keyOf(one), stored);
    return stored;
  }

  #write(one: Stored): Stored {
    if (this.left-- <= 0) throw new Error('killed');
    return this.#put(one);
  }

  #found(one: KubernetesObject): Stored {
    const found = this.stored.get(keyOf(one));
    if (!found) throw new ApiException(404, 'not found', '', {});
    return structuredClone(found);
  }

  #remove(one: KubernetesObject): void {
    this.#found(one);
    if (this.left-- <= 0) throw new Error('killed');
    this.stored.delete(keyOf(one));
  }

  get api(): ClusterApi {
    const named = (kind: string, one: Named) => ({ kind, metadata: one });
    const objects = {
      read: async (one: KubernetesObject) => this.#found(one),
      create: async (one: Stored) => this.#write(one),
      replace: async (one: Stored) => {
        const { status } = this.#found(one);
        this.#write(status === undefined ? one : { ...one, status });
      },
      patch: async (one: Stored) => this.#write(mergePatch(this.stored.get(keyOf(one)) ?? {}, one) as Stored),
      delete: async (one: KubernetesObject) => this.#remove(one),
    };
    const core = {
      readNamespace: async () => ({ metadata: { uid: 'west' } }),
      listNamespacedConfigMap: async () => ({
        items: [...this.stored.values()].filter(
          ({ metadata }) => metadata?.labels?.['meshproof.dev/kept-objects'] !== undefined,
        ),
      }),
      deleteNamespacedConfigMap: async (one: Named) => this.#remove(named('ConfigMap', one)),
      readNamespacedService: async (one: Named) => this.#found(named('Service', one)),
      replaceNamespacedServiceStatus: async ({ body }: { body: Stored }) => this.#write(body),
    };
    return { cluster: 'west', objects, core } as unknown as ClusterApi;
  }

  all = (): unknown => [...this.stored].toSorted().map(([key, one]) => [key, asWritten(one)]);
}

const at = (name: string) => ({ name, namespace: 'n' });
const before = (): Stored[] => [
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: at('istio'),
    data: { mesh: 'trustDomain: a\nother: 1\n' },
  },
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { ...at('gateway'), labels: { network: 'x' } } },
    ...{ spec: { ports: [{ port: 15443 }] }, status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } } },
  },
  { apiVersion: 'networking.istio.io/v1', kind: 'Gateway', metadata: at('cross'), spec: { servers: [] } },
];
const service = { apiVersion: 'v1', kind: 'Service', namespace: 'n', name: 'gateway' } as const;
const edits = [
  {
    ...{ op: 'merge-yaml', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'n', name: 'istio', key: 'mesh' },
    patch: { trustDomain: 'b' },
  },
  { op: 'merge', ...service, patch: { metadata: { labels: { network: null } } } },
  { op: 'merge-status', ...service, patch: { loadBalancer: { ingress: null } } },
  { op: 'delete', apiVersion: 'networking.istio.io/v1', kind: 'Gateway', namespace: 'n', name: 'cross' },
  { op: 'apply', manifest: { apiVersion: 'v1', kind: 'Service', metadata: at('new'), spec: {} } },
];

const file = { meshId: 'm', rootNamespace: 'n', clusters: [{ name: 'west' }], services: [] };
const meshFile = file as unknown as MeshFile;
const parameters = parametersOf(objectsChanged, { cluster: 'west', edits }, meshFile);

function opened(objects = before()) {
  const fake = new FakeApi(objects);
  const cluster = new MeshCluster({ name: 'west' } as MeshFileCluster, fake.api, 'workloads');
  return { fake, cluster, mesh: new Mesh(meshFile, [cluster]) };
}

async function injected() {
  const { fake, cluster, mesh } = opened();
  const undo = await objectsChanged.prepare(mesh, parameters, 'abcdefgh');
  return { fake, cluster, was: fake.all(), of: { mesh, id: 'abcdefgh', parameters, undo } };
}

test('all edits are made and proven, and undone and proven', async () => {
  const { fake, of, was } = await injected();
  await objectsChanged.inject(of);
  assert.match(await objectsChanged.prove(of), /Gateway n\/cross is gone; Service n\/new is there as wanted/);
  assert.equal(fake.stored.get('Service n/new')?.metadata?.labels?.['meshproof.dev/scope'], 'test');
  assert.deepEqual(fake.stored.get('Service n/gateway')?.['status'], { loadBalancer: {} });
  await objectsChanged.heal(of);
  await objectsChanged.proveHealed(of);
  assert.deepEqual(fake.all(), was);
  await objectsChanged.heal(of); // a second time, without anything to do
  assert.deepEqual(fake.all(), was);
});

/** Heals by the copies in the cluster alone, as when the journal was lost. */
async function healCopies(cluster: MeshCluster): Promise<string[]> {
  const refused: string[] = [];
  const healing = new MarkHealing({ refused: ({ object }) => refused.push(object) });
  await healing.heal(await keptObjectMarks(cluster, 'n', ['n']));
  healing.throwFailures();
  return refused;
}

const copyName = 'ConfigMap n/meshproof-kept-objects-abcdefgh';

for (let writes = 0; writes <= 8; writes++)
  for (const by of ['the journal', 'the copy in the cluster'] as const)
    test(`killed after ${writes} writes, healed by ${by}: as before`, async () => {
      const { fake, cluster, of, was } = await injected();
      fake.left = writes;
      await objectsChanged.inject(of).catch((error: unknown) => assert.match(String(error), /killed/));
      fake.left = Infinity;
      if (by === 'the journal') await objectsChanged.heal(of);
      else {
        // Killed before the copy was signed: no object was changed yet, and the copy is reported.
        const unsigned = writes === 1 ? [copyName] : [];
        assert.deepEqual(await healCopies(cluster), unsigned);
        fake.stored.delete(unsigned[0] ?? '');
      }
      assert.deepEqual(fake.all(), was);
    });

test('two faults of one object, healed by the copies in the cluster: the last first', async () => {
  const { fake, cluster, of, was } = await injected();
  await objectsChanged.inject(of);
  await delay(2); // their copies differ by milliseconds, not by the seconds of the server
  const edit = { op: 'merge', ...service, patch: { spec: { type: 'LoadBalancer' } } };
  const outer = parametersOf(objectsChanged, { cluster: 'west', edits: [edit] }, meshFile);
  const undo = await objectsChanged.prepare(of.mesh, outer, 'ijklmnop');
  await objectsChanged.inject({ mesh: of.mesh, id: 'ijklmnop', parameters: outer, undo });
  await healCopies(cluster);
  assert.deepEqual(fake.all(), was);
});

test('an object that already is as the edit makes it, or does not exist, is refused', async () => {
  const [config, ...others] = before();
  const { mesh } = opened([{ ...config, data: { mesh: 'trustDomain: b\n' } }, ...others]);
  await assert.rejects(
    objectsChanged.prepare(mesh, parameters, 'a'),
    /ConfigMap n\/istio of cluster west cannot be changed: it already is/,
  );
  await assert.rejects(
    objectsChanged.prepare(opened([]).mesh, parameters, 'a'),
    /ConfigMap n\/istio of cluster \w+ cannot be changed: it does not exist/,
  );
});

/** The fault is in force, and somebody else has written into the ConfigMap. */
async function changedSince() {
  const opened = await injected();
  await objectsChanged.inject(opened.of);
  const config = opened.fake.stored.get('ConfigMap n/istio');
  const theirs = { ...config, data: { mesh: 'trustDomain: c\n' } } as Stored;
  opened.fake.stored.set('ConfigMap n/istio', theirs);
  const kept = () => opened.fake.stored.get('ConfigMap n/meshproof-kept-objects-abcdefgh');
  return { ...opened, theirs, kept };
}

test('an object that somebody has changed since stays and is reported with its copy, and the rest is restored', async () => {
  const { fake, cluster, of, was, theirs, kept } = await changedSince();
  await assert.rejects(objectsChanged.heal(of), (error: Error) => {
    const reported = /ConfigMap n\/istio of west .* ConfigMap n\/meshproof-kept-objects-abcdefgh has/;
    return error instanceof ChangedSince && reported.test(error.message);
  });
  await assert.rejects(healCopies(cluster), ChangedSince);
  assert.deepEqual(fake.stored.get('ConfigMap n/istio'), theirs);
  assert.ok(kept());
  const rest = (all: unknown) => (all as [string, unknown][]).filter(([key]) => !key.startsWith('ConfigMap'));
  assert.deepEqual(rest(fake.all()), rest(was));
});

for (const by of ['the journal', 'the copy in the cluster'] as const)
  test(`labels and annotations that somebody has added since stay, healed by ${by}`, async () => {
    const { fake, cluster, of, was } = await injected();
    await objectsChanged.inject(of);
    const theirs = { labels: { team: 'a' }, annotations: { 'example.com/note': 'b' } };
    const withTheirs = (one: Stored) => mergePatch(one, { metadata: theirs }) as Stored;
    const names = ['ConfigMap n/istio', 'Service n/gateway'];
    for (const name of names) fake.stored.set(name, withTheirs(fake.stored.get(name) as Stored));
    if (by === 'the journal') await objectsChanged.heal(of);
    else await healCopies(cluster);
    await objectsChanged.proveHealed(of);
    const wanted = (was as [string, Stored][]).map(([name, one]) => {
      return [name, names.includes(name) ? withTheirs(one) : one];
    });
    assert.deepEqual(fake.all(), wanted);
  });

test('a label that the fault removed and somebody has set since stays, and is reported', async () => {
  const { fake, of } = await injected();
  await objectsChanged.inject(of);
  const theirs = mergePatch(fake.stored.get('Service n/gateway'), { metadata: { labels: { network: 'y' } } });
  fake.stored.set('Service n/gateway', theirs as Stored);
  await assert.rejects(objectsChanged.heal(of), /^ChangedSince: Service n\/gateway of west was not restored/);
  assert.deepEqual(fake.stored.get('Service n/gateway'), theirs);
});

test('after somebody has deleted the copy, their change stays and the fault is healed', async () => {
  const { fake, of, theirs } = await changedSince();
  fake.stored.delete('ConfigMap n/meshproof-kept-objects-abcdefgh');
  await objectsChanged.heal(of);
  await objectsChanged.proveHealed(of);
  assert.deepEqual(fake.stored.get('ConfigMap n/istio'), theirs);
});

test('a copy that was changed meanwhile is ignored: the journal restores objects that still have the edits', async () => {
  const { fake, of, was, kept } = await changedSince();
  const copy = kept();
  assert.ok(copy);
  copy['data'] = { ...copy['data'], 'objects.json': '[]' };
  const theirs = fake.stored.get('ConfigMap n/istio');
  await objectsChanged.heal(of);
  assert.deepEqual(fake.stored.get('ConfigMap n/istio'), theirs, 'what somebody has changed since stays');
  const rest = (all: unknown) => (all as [string, unknown][]).filter(([key]) => !key.startsWith('ConfigMap'));
  assert.deepEqual(rest(fake.all()), rest(was));
});

test('a copy that is lost during the fault does not keep objects from being restored', async () => {
  const { fake, of, was } = await injected();
  await objectsChanged.inject(of);
  fake.stored.delete('ConfigMap n/meshproof-kept-objects-abcdefgh');
  await objectsChanged.heal(of);
  await objectsChanged.proveHealed(of);
  assert.deepEqual(fake.all(), was);
});

test('the content does not change by writes of controllers', () => {
  const deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: at('d'), spec: { replicas: 1, paused: false } },
    status: {},
  };
  const touched = {
    ...{ ...deployment, spec: { paused: false, replicas: 3 }, status: { replicas: 3 } },
    metadata: { ...at('d'), resourceVersion: '9', annotations: { 'deployment.kubernetes.io/revision': '2' } },
  };
  assert.equal(contentHash(touched), contentHash(deployment));
  assert.notEqual(contentHash({ ...touched, spec: { paused: true } }), contentHash(deployment));
  assert.notEqual(contentHash(null), contentHash(deployment));
});
