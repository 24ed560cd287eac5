import { isIP } from 'node:net';
import type { ServiceRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { nodeSelector } from '../facts/network-gateways.ts';
import { firstFew } from '../format-values.ts';
import { hbonePort } from '../gateways.ts';
import {
  cannotBeCalled,
  effectOf,
  evidenceOf,
  gatewayNeeds,
  networkUnknown,
  perGateways,
  perUnused,
} from '../per-gateways.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1';

const noAddress: Check = {
  code: 'MP3203',
  title: 'The Service of the east-west gateway does not have an external address',
  severity: 'error',
  explanation:
    'istiod sends proxies of other networks the addresses in status.loadBalancer.ingress or externalIPs of the Service of the gateway. Without an address, other networks cannot reach the cluster. The usual reason is that a load balancer did not accept the Service.',
  remedy: 'kubectl --context <cluster> -n <namespace> describe service <name>   # Events show the reason',
  reference,
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perUnused(
    ({ service }) => service.external.length === 0 && service.type !== 'NodePort',
    ({ key, service }, cluster) => ({
      evidence: [
        { what: 'external addresses', seen: 0, expected: 1 },
        { what: 'type', seen: service.type, expected: 'LoadBalancer' },
      ],
      cause: `The Service ${key} of ${cluster.name} does not have an address that other networks can reach`,
    }),
  ),
};

const noNodeSelector: Check = {
  code: 'MP3210',
  title: 'A NodePort Service of an east-west gateway does not select nodes',
  severity: 'error',
  explanation:
    'istiod uses a Service of type NodePort as a gateway only if it has the annotation traffic.istio.io/nodeSelector. The annotation selects the nodes whose external addresses istiod sends to other networks. The value {} selects all nodes. Without the annotation, proxies of other networks call the addresses of pods, which they cannot reach.',
  remedy: `kubectl --context <cluster> -n <namespace> annotate service <name> '${nodeSelector}={}'   # all nodes; each needs an address of type ExternalIP`,
  reference: 'https://istio.io/latest/docs/reference/config/annotations/#TrafficNodeSelector',
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perUnused(
    ({ service }, { without }) =>
      service.type === 'NodePort' &&
      service.annotations[nodeSelector] === undefined &&
      // istiod uses externalIPs of any type of Service.
      (service.external.length === 0 || without.length > 0),
    ({ key, service }, cluster) => ({
      evidence: [
        { what: 'type', seen: service.type },
        { what: `annotation ${nodeSelector}`, seen: 'none', expected: '{}, or labels of nodes' },
      ],
      cause: `The NodePort Service ${key} of ${cluster.name} does not have the annotation ${nodeSelector}: istiod does not use it as a gateway`,
    }),
  ),
};

const noNodeAddress: Check = {
  code: 'MP3211',
  title: 'The nodes of a NodePort east-west gateway do not have an external address',
  severity: 'error',
  explanation:
    'For a gateway of type NodePort, istiod uses only addresses of the type ExternalIP of the nodes that the annotation traffic.istio.io/nodeSelector selects. If the annotation does not select a node, or its nodes have only internal addresses, istiod does not know a gateway.',
  remedy:
    'kubectl --context <cluster> get nodes -o wide --show-labels   # EXTERNAL-IP of the selected nodes\nkubectl --context <cluster> -n <namespace> patch service <name> --type=merge -p \'{"spec":{"externalIPs":["<external address of a node>"]}}\'',
  reference: 'https://istio.io/latest/docs/reference/config/annotations/#TrafficNodeSelector',
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perGateways(function* (asked) {
    for (const { key, service, network } of asked.gateways) {
      const selector = service.annotations[nodeSelector];
      if (service.type !== 'NodePort' || selector === undefined || service.external.length > 0) continue;
      if (network !== asked.network || asked.without.length === 0) continue;
      yield {
        severity: asked.severity,
        object: `Service ${key}`,
        subject: key,
        evidence: [{ what: `annotation ${nodeSelector}`, seen: selector }, evidenceOf(asked)],
        cause: `istiod does not find an external address of the nodes that ${key} of ${asked.cluster.name} selects, ${effectOf(asked)}.`,
      };
    }
  }),
};

const hasPort = ({ ports }: ServiceRecord, wanted: number): boolean =>
  ports.some(({ port }) => port === wanted);

const noPort: Check = {
  code: 'MP3204',
  title: 'The Service of the east-west gateway lacks the port for other networks',
  severity: 'error',
  explanation:
    'istiod uses port 15443 of the gateway, or the port in networking.istio.io/gatewayPort. If the Service does not have this port, istiod logs a warning and does not use the Service as a gateway.',
  remedy:
    'kubectl --context <cluster> -n <namespace> patch service <name> --type=json -p \'[{"op":"add","path":"/spec/ports/-","value":{"name":"tls","port":15443,"targetPort":15443}}]\'',
  reference,
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perUnused(
    ({ service, port }, { severity }) =>
      !hasPort(service, port) &&
      // Sidecars do not use HBONE between networks.
      (severity === 'error' || !hasPort(service, hbonePort)),
    ({ key, service, port }, cluster) => ({
      evidence: [
        {
          what: 'ports',
          seen:
            firstFew(
              service.ports.map((one) => `${one.port}`),
              8,
            ) || 'none',
          expected: port,
        },
      ],
      cause: `The Service ${key} of ${cluster.name} does not have port ${port}`,
      remedy: noPort.remedy.replaceAll('15443', `${port}`),
    }),
  ),
};

/** The gateways of a network that have only host names, with the primaries that lack the network and fit. */
const perHostName = (
  fits: (reader: ClusterView) => boolean,
  describe: (host: string, cluster: ClusterView, readers: string) => Pick<Sighting, 'cause' | 'remedy'>,
): Check['run'] =>
  perGateways(function* ({ cluster, view, network, gateways, without, severity }) {
    const readers = without.filter((name) => [view.cluster(name)].some((one) => one && fits(one)));
    for (const { key, service, network: own } of readers.length > 0 ? gateways : []) {
      const [first] = service.external;
      if (own !== network || first === undefined || service.external.some((one) => isIP(one) !== 0)) continue;
      yield {
        severity,
        object: `Service ${key}`,
        subject: key,
        evidence: [
          { what: 'addresses', seen: firstFew(service.external), expected: 'an IP address' },
          {
            what: `clusters whose istiod does not get a gateway of ${network}`,
            seen: firstFew(readers),
            expected: 'none',
          },
        ],
        ...describe(first, cluster, firstFew(readers)),
      };
    }
  });

const isUnwilling = (reader: ClusterView): boolean =>
  reader.seen('installs').some(({ env }) => env['RESOLVE_HOSTNAME_GATEWAYS'] === 'false');

const unresolved: Check = {
  code: 'MP3206',
  title: 'The east-west gateway has only a host name, and istiod is configured not to resolve it',
  severity: 'error',
  explanation:
    'Proxies get addresses, not names. istiod resolves a load balancer that has only a host name, as on AWS. If RESOLVE_HOSTNAME_GATEWAYS is false, istiod leaves the gateway out.',
  remedy:
    'istioctl --context <reader> install -f <operator.yaml> --set values.pilot.env.RESOLVE_HOSTNAME_GATEWAYS=true   # in each cluster that reads it',
  reference: 'https://github.com/istio/istio/issues/29359',
  needs: gatewayNeeds,
  explains: networkUnknown,
  run: perHostName(isUnwilling, (host, cluster, readers) => ({
    cause: `The gateway of ${cluster.name} has the host name ${host}, which the istiod of ${readers} does not resolve.`,
    remedy: unresolved.remedy.replace('<reader>', readers.split(',', 1)[0] ?? '<reader>'),
  })),
};

const unknownName: Check = {
  code: 'MP3213',
  title: 'istiod does not find an address for the host name of an east-west gateway',
  severity: 'error',
  explanation:
    'istiod resolves the host name of a load balancer by the DNS of its own cluster. If the name does not have an address there, istiod leaves the gateway out. The usual reasons are a load balancer that is new or deleted, and a private DNS zone.',
  remedy:
    'kubectl --context <reader> -n istio-system exec deploy/istiod -- getent hosts <host>   # or look the name up in a pod\nkubectl --context <reader> -n istio-system logs deploy/istiod | grep "could not resolve"',
  reference: 'https://github.com/istio/istio/issues/29359',
  needs: gatewayNeeds,
  explains: networkUnknown,
  run: perHostName(
    (reader) => !isUnwilling(reader),
    (host, cluster, readers) => ({
      cause: `The gateway of ${cluster.name} has the host name ${host}, for which the istiod of ${readers} does not have an address.`,
      remedy: unknownName.remedy
        .replaceAll('<reader>', readers.split(',', 1)[0] ?? '<reader>')
        .replace('<host>', host),
    }),
  ),
};

export const gatewayAddressChecks = [
  noAddress,
  noNodeSelector,
  noNodeAddress,
  noPort,
  unresolved,
  unknownName,
];
