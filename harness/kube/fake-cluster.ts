/** For tests: the API server of one cluster, in memory. It keeps what it is given and counts what is written. */
import { ApiException, type KubernetesObject } from '#kubernetes-client';
import type { ClusterApi } from './cluster-api.ts';
import { mergePatch } from './merge-patch.ts';

export type Stored = KubernetesObject & Record<string, unknown>;
interface Named {
  name: string;
  namespace?: string;
  body?: Stored;
  labelSelector?: string;
  fieldSelector?: string;
}

const keyOf = ({ kind, metadata }: KubernetesObject): string =>
  `${kind} ${metadata?.namespace ? `${metadata.namespace}/` : ''}${metadata?.name}`;

/** A call to a server: what it throws is a rejection. */
const answering =
  <A extends unknown[], T>(act: (...args: A) => T) =>
  (...args: A): Promise<Awaited<T>> =>
    new Promise<Awaited<T>>((resolve) => resolve(act(...args) as Awaited<T>));

/** See above. */
export class FakeCluster {
  readonly stored = new Map<string, Stored>();
  /** Writes, each `verb Kind namespace/name`. */
  readonly writes: string[] = [];
  readonly api: ClusterApi;
  /** Called before a write, in the form of {@link writes}. It may wait, and the write fails if it throws. */
  beforeWrite: (write: string) => void | Promise<void> = () => undefined;
  #count = 0;

  constructor(name: string, uid = `uid-of-${name}`) {
    this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });
    this.api = this.#api(name);
  }

  /** Stores an object as the server would, with a uid of its own when it is new. */
  put(object: Stored): Stored {
    const count = ++this.#count;
    const known = this.stored.get(keyOf(object))?.metadata?.uid;
    const uid = known ?? object.metadata?.uid ?? `u${count}`;
    const stored = structuredClone({ ...object, metadata: { ...object.metadata, uid } });
    this.stored.set(keyOf(object), stored);
    return stored;
  }

  get(key: string): Stored | undefined {
    return this.stored.get(key);
  }

  async #write(verb: string, object: Stored): Promise<Stored> {
    await this.#noted(verb, object);
    return this.put(object);
  }

  async #noted(verb: string, object: KubernetesObject): Promise<void> {
    const write = `${verb} ${keyOf(object)}`;
    await this.beforeWrite(write);
    this.writes.push(write);
  }

  #found(object: KubernetesObject): Stored {
    const found = this.stored.get(keyOf(object));
    if (!found) throw new ApiException(404, 'not found', '', {});
    return structuredClone(found);
  }

  async #delete(object: KubernetesObject): Promise<void> {
    this.#found(object);
    await this.#noted('delete', object);
    this.stored.delete(keyOf(object));
  }

  #list(kind: string, { namespace, labelSelector = '', fieldSelector = '' }: Partial<Named> = {}) {
    const [label = '', value] = labelSelector.split('=');
    const name = fieldSelector.split('=')[1];
    const items = [...this.stored.values()].filter(
      ({ kind: of, metadata }) =>
        of === kind &&
        (namespace === undefined || metadata?.namespace === namespace) &&
        (name === undefined || metadata?.name === name) &&
        (label === '' ||
          (metadata?.labels?.[label] !== undefined &&
            (value === undefined || metadata.labels[label] === value))),
    );
    return { items: structuredClone(items) };
  }

  #deployment = (of: Named): Stored => {
    const deployment = this.#found({ kind: 'Deployment', metadata: of });
    const { replicas } = deployment['spec'] as { replicas: number };
    const status = { updatedReplicas: replicas, availableReplicas: replicas, replicas };
    return { ...deployment, status };
  };

  #api(cluster: string): ClusterApi {
    const at = (kind: string, { namespace, name }: Named): Stored => ({
      kind,
      metadata: namespace === undefined ? { name } : { namespace, name },
    });
    const list = (kind: string) => answering((given?: Partial<Named>) => this.#list(kind, given));
    const remove = (kind: string) => answering((given: Named) => this.#delete(at(kind, given)));
    const read = (kind: string) => answering((given: Named) => this.#found(at(kind, given)));
    const writing = (verb: string) => answering((one: Stored) => this.#write(verb, one));
    const writingBody = (verb: string) => answering(({ body }: Named) => this.#write(verb, body as Stored));
    const core = {
      ...{ readNamespace: read('Namespace'), readNamespacedSecret: read('Secret') },
      ...{ listNamespace: list('Namespace'), listNode: list('Node'), listNamespacedPod: list('Pod') },
      ...{ listNamespacedSecret: list('Secret'), listNamespacedConfigMap: list('ConfigMap') },
      ...{ deleteNamespace: remove('Namespace'), deleteNamespacedSecret: remove('Secret') },
      ...{ deleteNamespacedConfigMap: remove('ConfigMap'), deleteNamespacedPod: remove('Pod') },
      ...{ createNamespacedSecret: writingBody('create'), replaceNamespacedSecret: writingBody('replace') },
    };
    const apps = {
      listNamespacedDeployment: list('Deployment'),
      readNamespacedDeployment: answering((given: Named) => this.#deployment(given)),
      readNamespacedDeploymentScale: answering((given: Named) => ({ spec: this.#deployment(given)['spec'] })),
      replaceNamespacedDeploymentScale: answering(async ({ body, ...given }: Named) => {
        const deployment = at('Deployment', given);
        await this.#noted('scale', this.#found(deployment));
        return this.put(mergePatch(this.#found(deployment), { spec: body?.['spec'] }) as Stored);
      }),
    };
    const objects = {
      read: answering((one: Stored) => this.#found(one)),
      list: answering((_: string, kind: string, namespace: string, ...rest: (string | undefined)[]) => {
        const labelSelector = rest.at(-1);
        return this.#list(kind, { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) });
      }),
      ...{ create: writing('create'), replace: writing('replace') },
      patch: answering(async (one: Stored) => {
        await this.#noted('patch', one);
        return this.put(mergePatch(this.stored.get(keyOf(one)) ?? {}, one) as Stored);
      }),
      delete: answering((one: Stored) => this.#delete(one)),
    };
    return { cluster, core, apps, objects } as unknown as ClusterApi;
  }
}
