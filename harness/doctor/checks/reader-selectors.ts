import type { Check, Sighting } from '../check.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { callersOf, callingClusters } from '../facts/callers.ts';
import { firstFew } from '../format-values.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { isSettled } from '../recent-changes.ts';
import { isDiscovered } from '../selectors.ts';
import { separately } from '../unread.ts';

const reference = 'https://istio.io/latest/docs/ops/configuration/mesh/configuration-scoping/';
const label = 'kubectl --context <peer> label namespace <namespace> <label of the selector>';

/** The command that labels a namespace of another cluster as the selectors of the reader ask for. */
function labelFor(reader: ClusterView): string {
  const wanted = reader.settings?.discoverySelectors.find(
    ({ matchLabels, matchExpressions }) =>
      matchExpressions.length === 0 && Object.keys(matchLabels).length > 0,
  );
  const pairs = Object.entries(wanted?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length > 0 ? label.replace('<label of the selector>', pairs.join(' ')) : label;
}

/**
 * Whether the selectors of a reader hide a namespace of another cluster, but not the same namespace of its own cluster. Selectors that
 * hide both are meant to, or another check reports them. Throws NotRead.
 */
const hidesOnlyThere = (reader: ClusterView, read: ClusterView, namespace: string): boolean =>
  read.namespaces.has(namespace) &&
  !isDiscovered(reader, namespace, read) &&
  (!reader.namespaces.has(namespace) || isDiscovered(reader, namespace));

/** Judges each primary with selectors and each other cluster that answered. */
const perSelecting = (
  judge: (reader: ClusterView, read: ClusterView, view: MeshView) => Iterable<Omit<Sighting, 'remedy'>>,
): Check['run'] =>
  function* (view) {
    const pairs = view.pairs().flatMap(({ reader, read }) => {
      const cluster = view.cluster(read);
      return cluster ? [{ reader, read: cluster }] : [];
    });
    yield* separately(pairs, function* ({ reader, read }) {
      const selectors = reader.settings?.discoverySelectors ?? [];
      if (selectors.length === 0) return;
      for (const found of judge(reader, read, view))
        yield {
          cluster: reader.name,
          peer: read.name,
          ...found,
          evidence: [
            { what: `discovery selectors of ${reader.name}`, seen: JSON.stringify(selectors) },
            ...found.evidence,
          ],
          remedy: labelFor(reader),
        };
    });
  };

const hidesRemoteGateway: Check = {
  code: 'MP2220',
  title: 'Discovery selectors hide the east-west gateway of another cluster',
  severity: 'error',
  explanation:
    'The discovery selectors of an istiod also apply to the namespaces of the clusters that it reads. If they do not select the namespace of an east-west gateway there, istiod does not find the gateway. Its proxies call the pods of the other network directly, without an answer.',
  remedy: label,
  reference,
  needs: ['installs', 'namespaces', 'services', 'istiods'],
  explains: { pair: ['MP3501'] },
  run: perSelecting(function* (reader, read, view) {
    const wanted = view.declaredNetwork(read.name);
    if (!view.multiNetwork || wanted === view.declaredNetwork(reader.name)) return;
    const gateways = read.seen('services').filter(({ labels }) => labels[networkLabel] !== undefined);
    const hidden = [...new Set(gateways.map(({ namespace }) => namespace))].filter((namespace) =>
      hidesOnlyThere(reader, read, namespace),
    );
    if (hidden.length === 0) return;
    const isKnown = reader.pages('networks').some((page) => page.some(({ network }) => network === wanted));
    yield {
      // istiod may know the gateway by its address, or the selectors are not in force yet.
      ...(isKnown ? { severity: 'info' } : {}),
      object: `Namespace ${hidden[0]}`,
      evidence: [{ what: `gateways of ${read.name} that istiod knows`, seen: isKnown ? 1 : 0, expected: 1 }],
      cause: `The discovery selectors of ${reader.name} hide the namespace ${firstFew(hidden)} of ${read.name}, where its east-west gateway is.`,
    };
  }),
};

/** The effect of a hidden namespace on callers. */
interface Effect {
  /** The services whose endpoints in the hidden namespace istiod does not hold. */
  lost: readonly MeshService[];
  /** The lost services with callers. */
  called: readonly MeshService[];
  /** The called services without any other endpoint. */
  failing: readonly MeshService[];
}

/** Throws NotRead. */
function effectOf(view: MeshView, reader: ClusterView, read: ClusterView, namespace: string): Effect {
  const held = (reader.pages('shards')[0] ?? []).filter((one) => one.namespace === namespace);
  const from = (clusters: (name: string) => boolean) =>
    new Set(held.filter(({ cluster }) => clusters(cluster)).map(({ host }) => host));
  const [ofRead, ofOthers] = [from((name) => name === read.name), from((name) => name !== read.name)];
  const runsThere = ({ meshed, in: all }: MeshService) =>
    meshed.includes(read) &&
    all.some(
      ({ cluster, service }) =>
        cluster === read && read.podsOf(service).some((pod) => pod.sidecar && isSettled(view, pod)),
    );
  const lost = meshServices(view).filter(
    (one) => one.namespace === namespace && !ofRead.has(one.fqdn) && runsThere(one),
  );
  const calling = callingClusters(view).filter(({ plane }) => plane === reader);
  const called = lost.filter((one) =>
    calling.some(
      ({ cluster }) =>
        cluster !== read &&
        cluster.service(one.key) !== undefined &&
        callersOf(view, cluster, one).length > 0,
    ),
  );
  return { lost, called, failing: called.filter(({ fqdn }) => !ofOthers.has(fqdn)) };
}

const hidesRemoteWorkloads: Check = {
  code: 'MP2221',
  title: 'Discovery selectors hide a namespace of another cluster with services that are called',
  severity: 'error',
  explanation:
    'The discovery selectors of an istiod also apply to the namespaces of the clusters that it reads. If they do not select a namespace there, istiod does not know its endpoints, and callers do not reach them. If the services have other endpoints, the finding is a warning. If they do not have callers in the mesh of that istiod, it is an info.',
  remedy: label,
  reference,
  needs: ['installs', 'namespaces', 'services', 'pods', 'istiods', 'resources'],
  explains: { 'pair and subject': ['MP2204'] },
  run: perSelecting(function* (reader, read, view) {
    for (const namespace of read.namespaces.keys()) {
      if (!hidesOnlyThere(reader, read, namespace)) continue;
      const isMeshed = read.pods.in(namespace).some(({ sidecar }) => sidecar);
      const { lost, called, failing } = isMeshed ? effectOf(view, reader, read, namespace) : nothing;
      const names = (some: readonly MeshService[]) => firstFew(some.map(({ key }) => key));
      if (lost.length === 0) continue;
      yield {
        severity: failing.length > 0 ? 'error' : called.length > 0 ? 'warning' : 'info',
        object: `Namespace ${namespace}`,
        covers: [namespace],
        evidence: [
          {
            what: `services of ${read.name} without endpoints in istiod of ${reader.name}`,
            seen: names(lost),
          },
          { what: 'of these, services with callers', seen: called.length, expected: 0 },
          { what: 'of these, services without another endpoint', seen: failing.length, expected: 0 },
        ],
        cause: `The discovery selectors of ${reader.name} hide the namespace ${namespace} of ${read.name}, so callers in ${reader.name} do not reach ${names(failing.length > 0 ? failing : lost)} there.`,
      };
    }
  }),
};

const nothing: Effect = { lost: [], called: [], failing: [] };

export const readerSelectorChecks = [hidesRemoteGateway, hidesRemoteWorkloads];
