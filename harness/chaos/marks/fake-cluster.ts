/** For tests: the API server of one cluster, in memory. It keeps what it is given and counts what is written. */
import { ApiException, type KubernetesObject } from '#kubernetes-client';
import type { MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { MeshCluster } from '../../mesh/attach.ts';
import { mergePatch } from '../objects/comparison.ts';

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
  (...args: A): Promise<T> =>
    new Promise((resolve) => resolve(act(...args)));

/** See above. */
export class FakeCluster {
  readonly stored = new Map<string, Stored>();
  /** Writes, each `verb Kind namespace/name`. */
  readonly writes: string[] = [];
  readonly cluster: MeshCluster;
  #count = 0;

  constructor(name: string, uid = `uid-of-${name}`) {
    this.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid } });
    const file = { name, context: `${name}-context` } as MeshFileCluster;
    this.cluster = new MeshCluster(file, this.#api(name), 'workloads');
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

  #write(verb: string, object: Stored): Stored {
    this.writes.push(`${verb} ${keyOf(object)}`);
    return this.put(object);
  }

  #found(object: KubernetesObject): Stored {
    const found = this.stored.get(keyOf(object));
    if (!found) throw new ApiException(404, 'not found', '', {});
    return structuredClone(found);
  }

  #delete(object: KubernetesObject): void {
    this.#found(object);
    this.writes.push(`delete ${keyOf(object)}`);
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
      deleteNamespacedConfigMap: remove('ConfigMap'),
      ...{ createNamespacedSecret: writingBody('create'), replaceNamespacedSecret: writingBody('replace') },
    };
    const apps = {
      listNamespacedDeployment: list('Deployment'),
      readNamespacedDeployment: answering((given: Named) => this.#deployment(given)),
      readNamespacedDeploymentScale: answering((given: Named) => ({ spec: this.#deployment(given)['spec'] })),
      replaceNamespacedDeploymentScale: answering(({ body, ...given }: Named) => {
        const deployment = this.#found(at('Deployment', given));
        return this.#write('scale', mergePatch(deployment, { spec: body?.['spec'] }) as Stored);
      }),
    };
    const objects = {
      read: answering((one: Stored) => this.#found(one)),
      list: answering((_: string, kind: string, namespace: string, ...rest: (string | undefined)[]) => {
        const labelSelector = rest.at(-1);
        return this.#list(kind, { namespace, ...(labelSelector === undefined ? {} : { labelSelector }) });
      }),
      ...{ create: writing('create'), replace: writing('replace') },
      patch: answering((one: Stored) =>
        this.#write('patch', mergePatch(this.stored.get(keyOf(one)) ?? {}, one) as Stored),
      ),
      delete: answering((one: Stored) => this.#delete(one)),
    };
    return { cluster, core, apps, objects } as unknown as ClusterApi;
  }
}
