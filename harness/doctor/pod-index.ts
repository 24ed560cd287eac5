import type { PodRecord } from '../mesh/snapshot/schema.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether labels have all that a selector's matchLabels ask for. */
export function selects(selector: Labels, labels: Labels): boolean {
  for (const key in selector) if (labels[key] !== selector[key]) return false;
  return true;
}

/** Below this, looking at each pod of a namespace is quicker than an index of it, and takes no memory. */
const few = 50;

/** Pods by namespace, and in large ones by label, so that a selector need not look at all of them. */
export class PodIndex {
  readonly #byNamespace: ReadonlyMap<string, PodRecord[]>;
  readonly #byLabel = new Map<string, ReadonlyMap<string, PodRecord[]>>();

  constructor(pods: readonly PodRecord[]) {
    this.#byNamespace = Map.groupBy(pods, ({ namespace }) => namespace);
  }

  in(namespace: string): readonly PodRecord[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** Pods that a Service's selector selects: none where it is empty, as Kubernetes has it. */
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

  /** Pods that a policy's selector selects: all of the namespace where it is empty. */
  matching(namespace: string, selector: Labels): readonly PodRecord[] {
    return Object.keys(selector).length === 0 ? this.in(namespace) : this.selected(namespace, selector);
  }
}
