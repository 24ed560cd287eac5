import type { PodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, networkLabel, type ClusterView } from '../cluster-view.ts';
import {
  hasGatewayOrCluster,
  isNetworkOf,
  isOfMesh,
  networkSubject,
  separateNetworkOf,
  wrongInjectedNetworks,
} from '../facts/networks.ts';
import { firstFew } from '../format-values.ts';
import { perDataPlane } from '../per-cluster.ts';

const reference = 'https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork';
const install =
  'istioctl --context <cluster> install -f <operator.yaml> --set values.global.network=<network>';
const restart = 'kubectl --context <cluster> -n <namespace> rollout restart deployment';

/** Sets the network of the injector, and restarts the workloads of the pods. */
const reinject = (network: string, pods: readonly PodRecord[]): string =>
  [
    install.replace('<network>', network),
    ...[...new Set(pods.map(({ namespace }) => namespace))].map((one) => restart.replace('<namespace>', one)),
  ].join('\n');

const injectedElsewhere: Check = {
  code: 'MP3110',
  title: 'The sidecar injector sets another network than that of the cluster',
  severity: 'error',
  explanation:
    'The injector sets the label topology.istio.io/network and ISTIO_META_NETWORK of each pod to values.global.network, or to the network in the injection URL. istiod prefers the label to all other settings. Other clusters then call these pods without the gateway of their network, and these pods call other networks without a gateway.',
  remedy: `${install}\n${restart}`,
  reference,
  needs: ['pods', 'workloads', 'webhooks', 'installs', 'services', 'resources', 'namespaces'],
  // istioctl sets the label of the namespace to the same value.
  explains: {
    'source and subject': ['MP3102', 'MP3103', 'MP3104'],
    'target and subject': ['MP3506'],
    target: ['MP3402', 'MP3602'],
  },
  run: perDataPlane(function* (cluster, view) {
    const wanted = separateNetworkOf(view, cluster);
    if (wanted === undefined) return;
    for (const { network, setting, pods } of wrongInjectedNetworks(view, cluster)) {
      if (pods.length === 0) continue;
      const callers = view.clusterNames.filter((name) => view.declaredNetwork(name) !== wanted);
      yield {
        object:
          setting === 'injection URL'
            ? 'MutatingWebhookConfiguration istio-sidecar-injector'
            : injector(cluster),
        covers: [networkSubject(network)],
        evidence: [
          { what: setting ?? 'network of injected pods', seen: network, expected: wanted },
          { what: `proxies on ${network}`, seen: pods.length, expected: 0 },
        ],
        cause: `The injector of ${cluster.name} set the network ${network}, not ${wanted}, for ${pods.length} proxies: proxies of ${firstFew(callers)} do not use their gateway.`,
        remedy: reinject(wanted, pods),
      };
    }
  }),
};

const injector = (cluster: ClusterView): string =>
  `ConfigMap ${cluster.systemNamespace}/istio-sidecar-injector`;

const injectsElsewhere: Check = {
  code: 'MP3112',
  title: 'The sidecar injector is set to another network, which pods do not have yet',
  severity: 'warning',
  explanation:
    'values.global.network, or the network in the injection URL, is not a network of the cluster. The pods that run now have another network. Pods that start from now on get the wrong network: other clusters call them without a gateway.',
  remedy: install,
  reference,
  needs: injectedElsewhere.needs,
  run: perDataPlane(function* (cluster, view) {
    const wanted = separateNetworkOf(view, cluster);
    if (wanted === undefined) return;
    for (const { network, setting, pods } of wrongInjectedNetworks(view, cluster))
      if (pods.length === 0 && setting !== undefined)
        yield {
          object: injector(cluster),
          evidence: [{ what: setting, seen: network, expected: wanted }],
          cause: `The injector of ${cluster.name} is set to the network ${network}, not ${wanted}: pods that start now get it.`,
          remedy: install.replace('<network>', wanted),
        };
  }),
};

const proxiesElsewhere: Check = {
  code: 'MP3104',
  title: 'Proxies are set to another network than their cluster',
  severity: 'error',
  explanation:
    'The network of a proxy decides which endpoints it calls directly and which through a gateway. It comes from values.global.network at injection (ISTIO_META_NETWORK), or from a label of the pod. A label may name a network that has a gateway, as for virtual machines. With a network that does not have one, other clusters call the pod directly.',
  remedy: `${install}\n${restart}`,
  reference,
  needs: ['pods', 'services', 'resources', 'namespaces', 'installs', 'workloads', 'webhooks', 'istiods'],
  explains: { 'target and subject': ['MP3506'] },
  run: perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    const wanted = view.declaredNetwork(cluster.name);
    if (wanted === undefined) return;
    const proxied = cluster.seen('pods').filter((pod) => isOfMesh(cluster, pod));
    // istiod uses the label; the proxy sends ISTIO_META_NETWORK.
    const wrongIn = ({ labels, proxy }: PodRecord) =>
      [labels[networkLabel], proxy?.network].find(
        (one) => one !== undefined && one !== wanted && !isNetworkOf(view, cluster, one),
      );
    const apart = proxied.filter((pod) => wrongIn(pod) !== undefined);
    if (apart.length === 0) return;
    const injected = new Set(wrongInjectedNetworks(view, cluster).map(({ network }) => network));
    const elsewhere = apart.filter((pod) => {
      const network = wrongIn(pod) ?? '';
      const label = pod.labels[networkLabel] ?? network;
      return label !== network || injected.has(network) || !hasGatewayOrCluster(view, cluster, network);
    });
    const first = elsewhere[0];
    if (!first) return;
    const seen = wrongIn(first) ?? 'none';
    yield {
      object: `Pod ${keyOf(first)}`,
      subject: [...new Set(elsewhere.map((pod) => networkSubject(wrongIn(pod) ?? '')))],
      evidence: [
        { what: 'proxies on another network', seen: elsewhere.length, expected: 0 },
        { what: `network of ${first.name}`, seen, expected: wanted },
      ],
      cause: `${elsewhere.length} of ${proxied.length} proxies of ${cluster.name} use the network ${seen}, not ${wanted}: ${firstFew(elsewhere.map(({ name }) => name))}.`,
      remedy: reinject(wanted, elsewhere),
    };
  }),
};

export const injectedNetworkChecks = [injectedElsewhere, proxiesElsewhere, injectsElsewhere];
