import type { ClusterSnapshot, IstiodRecord, Missing, Source } from '../snapshot/schema.ts';
import { NotRead, type ReadLog } from './unread.ts';

/** The parts that were read through other parts. For example, only an istiod whose pod was listed is asked. */
export const readThrough: Partial<Record<Source, readonly Source[]>> = {
  installs: ['workloads'],
  authorities: ['installs'],
  readerAccess: ['remoteSecrets', 'installs'],
  istiods: ['pods'],
  proxies: ['pods', 'services'],
  probes: ['pods', 'remoteSecrets', 'istiods'],
  clocks: ['pods'],
};

/** The API groups of the kinds that checks read; a group that cannot be read has its own gap. */
const groupOf: Readonly<Record<string, string>> = {
  AuthorizationPolicy: 'security.istio.io',
  PeerAuthentication: 'security.istio.io',
  RequestAuthentication: 'security.istio.io',
  KubernetesGateway: 'gateway.networking.k8s.io',
  NetworkPolicy: 'networking.k8s.io',
  ServiceExport: 'multicluster.x-k8s.io',
  ServiceImport: 'multicluster.x-k8s.io',
};

/** Whether a gap in `resources` concerns a kind. The gap names a kind, a group, or an object "Kind namespace/name". */
export function concernsKind({ of = '' }: Missing, kind: string): boolean {
  const recorded = kind === 'KubernetesGateway' ? 'Gateway' : kind;
  return of.split(' ', 1)[0] === recorded || of === (groupOf[kind] ?? 'networking.istio.io');
}

/** Whether a gap concerns the objects of a namespace. The gap names an object "namespace/name" or, of Secrets, a namespace. */
export const concernsNamespace = ({ what, of = '' }: Missing, namespace: string): boolean =>
  of.includes('/')
    ? of.startsWith(`${namespace}/`)
    : (what !== 'authorities' && what !== 'remoteSecrets') || of === namespace;

/** The gaps of one cluster. */
export class GapIndex {
  readonly #data: ClusterSnapshot;
  readonly #log: ReadLog;
  readonly #own: ReadonlyMap<Source, Missing[]>;
  readonly #refusals = new Map<Missing, NotRead>(); // kept, because an error is slow to create
  readonly #all = new Map<Source, readonly Missing[]>();

  constructor(data: ClusterSnapshot, log: ReadLog) {
    this.#data = data;
    this.#log = log;
    this.#own = Map.groupBy(data.missing, ({ what }) => what);
  }

  /** The gaps of a part, and of the parts through which it was read. */
  of(part: Source): readonly Missing[] {
    this.#log.asked.add(part);
    return this.#gapsOf(part);
  }

  /** Notes that a check goes on with an incomplete part. */
  note(part: Source): void {
    for (const gap of this.of(part)) this.#log.gaps.add(gap);
  }

  /** Throws NotRead if a part has a gap that concerns the question. */
  assertRead(part: Source, concerns: (gap: Missing) => boolean = () => true): void {
    const gap = this.of(part).find((one) => one.what !== part || one.of === undefined || concerns(one));
    if (gap) this.refuse(gap);
  }

  /** Throws NotRead for a gap. */
  refuse(gap: Missing): never {
    this.#log.gaps.add(gap);
    let refusal = this.#refusals.get(gap);
    if (!refusal) this.#refusals.set(gap, (refusal = new NotRead(this.#data.name, gap)));
    throw refusal;
  }

  /** Throws NotRead for a page that an istiod did not give. */
  refusePage({ namespace, pod }: IstiodRecord, page: string): never {
    const of = `${namespace}/${pod}`;
    const known = this.of('istiods').find((gap) => gap.of === of && gap.reason !== 'limit');
    return this.refuse(known ?? { what: 'istiods', of, reason: 'failed', why: `${page} was not read` });
  }

  #gapsOf(part: Source): readonly Missing[] {
    const known = this.#all.get(part);
    if (known) return known;
    const own = (this.#own.get(part) ?? []).filter((gap) => !isHarmless(gap));
    const through = (readThrough[part] ?? []).flatMap((other) =>
      this.#gapsOf(other).filter((gap) => mattersFor(part, gap)),
    );
    const all = [...new Set([...own, ...through])];
    this.#all.set(part, all);
    return all;
  }
}

/** A limit cut endpoints of an istiod (see `ClusterView.isCut`), or the mesh has no pod from which a probe could start. */
const isHarmless = ({ what, reason }: Missing): boolean =>
  (what === 'istiods' && reason === 'limit') || (what === 'probes' && reason === 'noWay');

/** An install is found by its Deployment. */
const mattersFor = (part: Source, { what, of }: Missing): boolean =>
  !(what === 'workloads' && part !== 'workloads') || (of !== 'StatefulSet' && of !== 'DaemonSet');
