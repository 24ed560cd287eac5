import { gatewayScaledToZero } from '../../chaos/gateways/gateway-scaled-to-zero.ts';
import { linkPartitioned } from '../../chaos/link/link-partitioned.ts';
import { breakage, type Defect } from '../defect.ts';
import {
  applied,
  changed,
  crossNetworkGateway,
  crossNetworkServer,
  gatewayService,
  istio,
  namespaceLabels,
  networkLabel,
  pairOf,
  remoteService,
} from '../defect-builders.ts';

export const networkDefects: readonly Defect[] = [
  {
    id: 'network-label-missing',
    title: 'The namespace of istiod has lost its network label',
    family: 'network and gateways',
    cause: 'The namespace was made anew, or applied by a tool that removes labels it does not know.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: null })],
    findings: ['MP3101'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'network-label-wrong',
    title: 'The namespace of istiod names a network that no cluster is on',
    family: 'network and gateways',
    cause: 'The name of a network was changed, or misspelt, in one place of several.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: 'nowhere' })],
    findings: ['MP3102'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'network-label-of-another-cluster',
    title: 'Two clusters on separate networks name the same one',
    family: 'network and gateways',
    cause: 'A cluster was set up by copying the settings of another.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [namespaceLabels(east, mesh.rootNamespace, { [networkLabel]: west.network })];
    },
    findings: ['MP3103'],
    where: { cluster: 'east', peer: 'west' },
    promises: [],
  },
  {
    id: 'gateway-without-network-label',
    title: 'The Service of the east-west gateway has no network label',
    family: 'network and gateways',
    cause:
      'The gateway was installed by a chart or a Service of its own, without the label by which istiod knows it for a gateway.',
    silent: false,
    break: (mesh) => {
      const { east } = pairOf(mesh);
      return [
        changed(east, {
          op: 'merge',
          ...gatewayService(east),
          patch: { metadata: { labels: { [networkLabel]: null } } },
        }),
      ];
    },
    findings: ['MP3202'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'gateway-of-another-network',
    title: 'The east-west gateway is labelled with the network of another cluster',
    family: 'network and gateways',
    cause: 'The manifest of another cluster’s gateway was applied.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        changed(east, {
          op: 'merge',
          ...gatewayService(east),
          patch: { metadata: { labels: { [networkLabel]: west.network } } },
        }),
      ];
    },
    findings: ['MP3207'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'gateway-without-address',
    title: 'The east-west gateway has no address from outside',
    family: 'network and gateways',
    cause: 'No load balancer has taken the Service up: a quota, a missing controller, a wrong annotation.',
    silent: false,
    break: (mesh) => {
      const { east } = pairOf(mesh);
      return [
        changed(east, {
          op: 'merge-status',
          ...gatewayService(east),
          patch: { loadBalancer: { ingress: null } },
        }),
      ];
    },
    findings: ['MP3203'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'gateway-without-port',
    title: 'The east-west gateway lacks the port for other networks',
    family: 'network and gateways',
    cause: 'The ports of an ordinary ingress gateway were used.',
    silent: false,
    break: (mesh) => {
      const { east } = pairOf(mesh);
      return [
        changed(east, {
          op: 'merge',
          ...gatewayService(east),
          patch: { spec: { ports: [{ name: 'tls', port: 443, targetPort: 15443 }] } },
        }),
      ];
    },
    findings: ['MP3204'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'gateway-without-pods',
    title: 'No pod of the east-west gateway runs',
    family: 'network and gateways',
    cause: 'It was scaled down, or its image cannot be pulled.',
    silent: false,
    break: (mesh) => [breakage(gatewayScaledToZero, { cluster: pairOf(mesh).east.name })],
    findings: ['MP3205'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-missing',
    title: 'No Gateway exposes the services of a cluster',
    family: 'network and gateways',
    cause: 'The last step of the installation, and the one that is most often forgotten.',
    silent: false,
    break: (mesh) => [changed(pairOf(mesh).east, { op: 'delete', ...crossNetworkGateway(mesh) })],
    findings: ['MP3301'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-with-another-mode',
    title: 'The cross-network Gateway passes TLS on by routes of its own',
    family: 'network and gateways',
    cause: 'PASSTHROUGH was taken for AUTO_PASSTHROUGH: it wants a route for each host, and there are none.',
    silent: false,
    break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { mode: 'PASSTHROUGH' })],
    findings: ['MP3302'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-leaves-hosts-out',
    title: 'The hosts of the cross-network Gateway leave the services out',
    family: 'network and gateways',
    cause: 'Hosts were narrowed to the services of one team.',
    silent: false,
    break: (mesh) => [
      crossNetworkServer(mesh, pairOf(mesh).east, { hosts: ['*.elsewhere.svc.cluster.local'] }),
    ],
    findings: ['MP3304'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-on-another-port',
    title: 'The cross-network Gateway is on a port that nobody calls',
    family: 'network and gateways',
    cause: 'The port of an ordinary TLS gateway was used.',
    silent: false,
    break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { port: 443 })],
    findings: ['MP3305'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-selects-nobody',
    title: 'The cross-network Gateway selects no pod',
    family: 'network and gateways',
    cause: 'The gateway was installed under another name, with other labels.',
    silent: false,
    break: (mesh) => {
      const patch = { spec: { selector: { istio: 'crossnetworkgateway' } } };
      return [changed(pairOf(mesh).east, { op: 'merge', ...crossNetworkGateway(mesh), patch })];
    },
    findings: ['MP3303'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'data-port-blocked',
    title: 'Port 15443 is blocked between the networks',
    family: 'network and gateways',
    cause: 'A firewall or a security group drops what comes from another network.',
    silent: false,
    break: () => [breakage(linkPartitioned, { ports: 'data' })],
    findings: ['MP3401'],
    promises: ['CON-02'],
  },
  {
    id: 'discovery-port-blocked',
    title: 'The API servers cannot be reached from the other network',
    family: 'network and gateways',
    cause: 'A firewall drops port 6443. istiod keeps what it has read; nothing is noticed until a pod moves.',
    silent: true,
    break: () => [breakage(linkPartitioned, { ports: 'discovery' })],
    findings: ['MP3404'],
    promises: [],
  },
  {
    id: 'destination-rule-without-mutual-tls',
    title: 'A DestinationRule takes away the TLS that gateways pass on',
    family: 'network and gateways',
    cause:
      'TLS was turned off for a service while something was searched for; within a cluster all still works.',
    silent: false,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const host = `${remoteService(mesh, west)}.${mesh.namespace}.svc.cluster.local`;
      const spec = { host, trafficPolicy: { tls: { mode: 'DISABLE' } } };
      return [applied(west, istio(mesh, 'DestinationRule', spec))];
    },
    findings: ['MP3601'],
    where: { cluster: 'west' },
    promises: ['CON-02'],
  },
];
