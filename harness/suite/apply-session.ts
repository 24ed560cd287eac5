import type { KubernetesObject, V1ObjectMeta } from '@kubernetes/client-node';
import { settleAll, throwTogether } from '../base/settle-all.ts';
import type { Mesh, MeshCluster, Pod } from '../mesh/attach.ts';
import { awaitProxies, markOf, mentions, type ProxyPredicate } from '../mesh/propagation.ts';
import { clientProxies } from '../mesh/readiness.ts';
import {
  awaitDeployments,
  parseManifests,
  startApplying,
  type Applying,
  type Manifests,
} from '../workloads/apply.ts';

/** How manifests are applied. */
export interface ApplyOptions {
  /** Names of clusters; default: all, because each istiod reads the configuration of its cluster. */
  clusters?: readonly string[];
  /**
   * How to know that a proxy has the manifests. `named` (the default): its configuration names every DestinationRule, VirtualService and
   * AuthorizationPolicy. `tried`: the same, but a proxy that does not have them in time is not an error. `none`: do not wait. Otherwise a
   * predicate.
   */
  awaitProxies?: 'named' | 'tried' | 'none' | ProxyPredicate;
  /**
   * Services whose proxies must have the manifests. Default: the proxies that send requests of the suites. Pods enforce an
   * AuthorizationPolicy: name their service here.
   */
  proxiesOf?: readonly string[];
}

/** Applies manifests for the rest of the test; after the test, the objects are restored. */
export type Apply = (manifests: Manifests, options?: ApplyOptions) => Promise<void>;

interface Application {
  objects: readonly KubernetesObject[];
  clusters: MeshCluster[];
  /** One for each cluster where the manifests are not undone. */
  applying: Applying[];
  options: ApplyOptions;
}

/** All manifests that one test applies to a mesh. */
export class ApplySession {
  readonly #mesh: Mesh;
  #applications: Application[] = [];
  #undoing: Promise<void> | undefined;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /**
   * Applies manifests to the clusters concurrently, then waits for their Deployments and for proxies, see {@link ApplyOptions}. {@link
   * undo} undoes the manifests even if this throws.
   *
   * @throws Error with the refused object and its cluster, or the proxies that do not have the manifests in time; Error when the test is
   *   over.
   */
  async apply(manifests: Manifests, options: ApplyOptions): Promise<void> {
    if (this.#undoing) throw new Error('The test is over: it cannot apply manifests any more.');
    const names = options.clusters ?? this.#mesh.clusters.map(({ name }) => name);
    const clusters = names.map((name) => this.#mesh.cluster(name));
    const objects = parseManifests(manifests, this.#mesh.file.namespace);
    const applying = clusters.map((cluster) => startApplying(cluster, objects));
    const application: Application = { objects, clusters, applying, options };
    this.#applications.push(application);
    await settleAll(
      applying.map(async ({ cluster, applied }) => {
        await applied;
        await awaitDeployments(cluster, objects);
      }),
    );
    const wanted = options.awaitProxies ?? 'named';
    const has = typeof wanted === 'function' ? wanted : wanted === 'none' ? undefined : namesAll(objects);
    if (!has) return;
    const taken = awaitProxies(await this.#proxies(application), has, wording(objects));
    await (wanted === 'tried' ? taken.catch(() => undefined) : taken);
  }

  /** Objects that are applied now, `Kind namespace/name`. */
  names(): string[] {
    return this.#applications.flatMap(({ objects }) =>
      objects.map(({ kind, metadata }) => nameOf(kind, metadata)),
    );
  }

  /**
   * Undoes everything, last first, and waits until proxies do not name deleted objects any more. Each cluster deletes one object at a
   * time, because istiod 1.31 may lose the push of a second deletion that follows at once (docs/known-issues.md). Continues after
   * failures and throws them together; the next call tries them again. After the first call, nothing can be applied.
   */
  undo(): Promise<void> {
    const undone = (this.#undoing ?? Promise.resolve()).catch(() => undefined).then(() => this.#undoAll());
    return (this.#undoing = undone);
  }

  async #undoAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const application of this.#applications.toReversed()) {
      const { applying } = application;
      const undone = await Promise.allSettled(
        applying.map((one) => one.undo((object) => this.#awaitForgotten(object, one.cluster, application))),
      );
      for (const one of undone) if (one.status === 'rejected') failures.push(one.reason);
      application.applying = applying.filter((_, index) => undone[index]?.status === 'rejected');
    }
    this.#applications = this.#applications.filter(({ applying }) => applying.length > 0);
    throwTogether(failures, 'Not all manifests of the test are undone');
  }

  async #awaitForgotten(
    object: KubernetesObject,
    cluster: MeshCluster,
    application: Application,
  ): Promise<void> {
    if (application.options.awaitProxies === 'none' || markOf(object) === undefined) return;
    const named = mentions(object);
    const proxies = await this.#proxies({ ...application, clusters: [cluster] });
    await awaitProxies(proxies, async (proxy) => !(await named(proxy)), `that ${wording([object])} is gone`);
  }

  async #proxies(
    application: Pick<Application, 'clusters' | 'options'>,
  ): Promise<{ cluster: MeshCluster; pod: Pod }[]> {
    const services = application.options.proxiesOf;
    const found = await Promise.all(
      application.clusters.map(async (cluster) => {
        const pods = services
          ? (await Promise.all(services.map((service) => cluster.pods(service)))).flat()
          : await clientProxies(this.#mesh, cluster);
        return pods.map((pod) => ({ cluster, pod }));
      }),
    );
    return found.flat();
  }
}

/** The name of an object, as in findings of the doctor. */
const nameOf = (kind = '', { namespace, name }: V1ObjectMeta = {}): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

function namesAll(objects: readonly KubernetesObject[]): ProxyPredicate | undefined {
  const named = objects.filter((object) => markOf(object) !== undefined);
  if (named.length === 0) return undefined;
  return async (proxy) =>
    (await Promise.all(named.map(async (object) => mentions(object)(proxy)))).every(Boolean);
}

const wording = (objects: readonly KubernetesObject[]) =>
  [...new Set(objects.map((object) => `${object.kind} ${object.metadata?.name}`))].join(', ');
