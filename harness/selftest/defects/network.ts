import { gatewayScaledToZero } from '../../chaos/gateways/gateway-scaled-to-zero.ts';
import { linkPartitioned } from '../../chaos/link/link-partitioned.ts';
import { breakage, inFamily } from '../defect.ts';
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

export const networkDefects = inFamily('network and gateways', [
  {
    id: 'network-label-missing',
    title: 'The namespace of istiod has lost its network label',
    cause: 'The namespace was recreated, or a tool removed labels that it does not know.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: null })],
    findings: ['MP3101'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'network-label-wrong',
    title: 'The network label of the namespace of istiod is wrong',
    cause: 'The name of a network was changed or misspelled in one of several places.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: 'nowhere' })],
    findings: ['MP3102'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'network-label-of-another-cluster',
    title: 'Two clusters on separate networks have the same network label',
    cause: 'The settings of another cluster were copied.',
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
    cause:
      'The gateway was installed by a separate chart or Service, without the label that istiod requires.',
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
    title: 'The east-west gateway has the network label of another cluster',
    cause: 'The manifest of the gateway of another cluster was applied.',
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
    title: 'The east-west gateway has no external address',
    cause:
      'The Service does not have a load balancer because of a quota, a missing controller or a wrong annotation.',
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
    title: 'The east-west gateway does not expose port 15443',
    cause: 'The Service has the ports of an ingress gateway.',
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
    title: 'The east-west gateway has no running pods',
    cause: 'The Deployment was scaled down, or its image cannot be pulled.',
    silent: false,
    break: (mesh) => [breakage(gatewayScaledToZero, { cluster: pairOf(mesh).east.name })],
    findings: ['MP3205'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-missing',
    title: 'A cluster does not have a cross-network Gateway',
    cause: 'The last step of the installation is easy to forget.',
    silent: false,
    break: (mesh) => [changed(pairOf(mesh).east, { op: 'delete', ...crossNetworkGateway(mesh) })],
    findings: ['MP3301'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-with-another-mode',
    title: 'The cross-network Gateway has the TLS mode PASSTHROUGH',
    cause:
      'PASSTHROUGH was used instead of AUTO_PASSTHROUGH. It needs a route for each host, and the mesh has none.',
    silent: false,
    break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { mode: 'PASSTHROUGH' })],
    findings: ['MP3302'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-leaves-hosts-out',
    title: 'The hosts of the cross-network Gateway exclude the services',
    cause: 'The hosts were limited to the services of one team.',
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
    title: 'The cross-network Gateway uses another port than 15443',
    cause: 'The Gateway has the port of an ordinary TLS gateway.',
    silent: false,
    break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { port: 443 })],
    findings: ['MP3305'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'cross-network-gateway-selects-nobody',
    title: 'The cross-network Gateway does not select any pod',
    cause: 'The gateway was installed with another name and other labels.',
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
    cause: 'A firewall or a security group drops traffic from other networks.',
    silent: false,
    break: () => [breakage(linkPartitioned, { ports: 'data' })],
    findings: ['MP3401'],
    promises: ['CON-02'],
  },
  {
    id: 'discovery-port-blocked',
    title: 'The API servers are not reachable from the other network',
    cause:
      'A firewall drops traffic to port 6443. istiod keeps its data, so traffic works until a pod moves.',
    silent: true,
    break: () => [breakage(linkPartitioned, { ports: 'discovery' })],
    findings: ['MP3404'],
    promises: [],
  },
  {
    id: 'destination-rule-without-mutual-tls',
    title: 'A DestinationRule disables the TLS that east-west gateways need',
    cause: 'TLS was turned off for a service for debugging. Calls within a cluster still work.',
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
]);
