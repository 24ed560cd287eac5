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
  /** Names; default all of the mesh: each istiod reads its own cluster's configuration. */
  clusters?: readonly string[];
  /**
   * When a proxy has taken them. `named` (the default): once its configuration names every DestinationRule,
   * VirtualService and AuthorizationPolicy among them. `tried`: the same, and what comes is judged even if they do not take
   * them in time. `none`: do not wait. Otherwise a predicate.
   */
  awaitProxies?: 'named' | 'tried' | 'none' | ProxyPredicate;
  /**
   * Services whose proxies must have taken them. Default: the proxies that send for us. An AuthorizationPolicy
   * holds where it is enforced: name that service here.
   */
  proxiesOf?: readonly string[];
}

/** Applies manifests for the rest of the test; what was there before is put back after it. */
export type Apply = (manifests: Manifests, options?: ApplyOptions) => Promise<void>;

interface Application {
  objects: readonly KubernetesObject[];
  clusters: MeshCluster[];
  /** One in each cluster; less those that are undone. */
  applying: Applying[];
  options: ApplyOptions;
}

/** All that one test applies to a mesh. */
export class ApplySession {
  readonly #mesh: Mesh;
  #applications: Application[] = [];
  #undoing: Promise<void> | undefined;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  /**
   * Applies manifests to the clusters, side by side; waits for their Deployments and, as the options say, for proxies.
   * What was begun is undone by {@link undo}, however this ends.
   *
   * @throws Error that tells what was refused, where, and which proxies have not taken it in time; or that the test is over.
   */
  async apply(manifests: Manifests, options: ApplyOptions): Promise<void> {
    if (this.#undoing) throw new Error('The test is over: nothing more is applied to the mesh.');
    const names = options.clusters ?? this.#mesh.clusters.map((one) => one.name);
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

  /** What is applied now, `Kind namespace/name`. */
  names(): string[] {
    return this.#applications.flatMap(({ objects }) =>
      objects.map(({ kind, metadata }) => nameOf(kind, metadata)),
    );
  }

  /**
   * Undoes everything, last first, and waits until no proxy names what is gone: the next test starts from the mesh as it
   * was. One object at a time in each cluster, because istiod 1.31 may lose the push of a second deletion that follows
   * the first at once (docs/known-issues.md). All of it is tried, whatever fails; what failed is thrown together, and tried
   * again by the next call. Nothing can be applied any more.
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
    throwTogether(failures, 'Not everything that the test applied could be undone');
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

/** As the doctor's findings name an object. */
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
