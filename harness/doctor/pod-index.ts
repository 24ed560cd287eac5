import type { PodRecord } from '../snapshot/schema.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels have every label of a selector's matchLabels. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** In a namespace with fewer pods, a search is faster than an index and takes no memory. */
const few = 50;

/** Pods by namespace, and in large ones by label, so that a selector need not look at all of them. */
export class PodIndex {
  readonly #assertRead: (namespace: string) => void;
  readonly #byNamespace: ReadonlyMap<string, PodRecord[]>;
  readonly #byLabel = new Map<string, ReadonlyMap<string, PodRecord[]>>();

  /** @param assertRead throws if the pods of a namespace were not read whole. */
  constructor(pods: readonly PodRecord[], assertRead: (namespace: string) => void) {
    this.#assertRead = assertRead;
    this.#byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  }

  in(namespace: string): readonly PodRecord[] {
    this.#assertRead(namespace);
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** The pods that the selector of a Service selects; an empty selector selects nothing, as in Kubernetes. */
  selected(namespace: string, selector: Labels): readonly PodRecord[] {
    const wanted = Object.entries(selector);
    if (wanted.length === 0) return [];
    let candidates = this.in(namespace);
    if (candidates.length > few)
      for (const [key, value] of wanted) {
        const having = this.#labelled(namespace).get(`${key}=${value}`) ?? [];
        if (having.length < candidates.length) candidates = having;
      }
    return candidates.filter(({ labels }) => selects(selector, labels));
  }

  #labelled(namespace: string): ReadonlyMap<string, PodRecord[]> {
    const known = this.#byLabel.get(namespace);
    if (known) return known;
    const made = new Map<string, PodRecord[]>();
    for (const pod of this.in(namespace))
      for (const [key, value] of Object.entries(pod.labels)) {
        const having = made.get(`${key}=${value}`);
        if (having) having.push(pod);
        else made.set(`${key}=${value}`, [pod]);
      }
    this.#byLabel.set(namespace, made);
    return made;
  }

  /** The pods that the selector of a policy selects; an empty selector selects the whole namespace. */
  matching(namespace: string, selector: Labels): readonly PodRecord[] {
    return Object.keys(selector).length === 0 ? this.in(namespace) : this.selected(namespace, selector);
  }
}
