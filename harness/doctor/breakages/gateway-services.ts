import { itemOf, resource, type BrokenSample } from '../broken-sample.ts';
import { all, gatewayService, labelledGateway, refused, unknownGateway, type Breakage } from './breakage.ts';

const withoutLabel = [
  'istiod-unready',
  'gateway-missing',
  'gateway-without-label',
  'gateway-of-another-network',
];

/** The Service of the gateway of east gets other fields, so the istiods of west do not know its address. */
const unusable = (id: string, code: string, change: (sample: BrokenSample) => void): Breakage => ({
  ...{ id, code, cluster: 'east', follows: withoutLabel },
  break: all(unknownGateway, ({ east }) => void labelledGateway(east), change),
});

export const gatewayServiceBreakages: readonly Breakage[] = [
  unusable(
    'node-port-without-nodes',
    'MP3210',
    ({ east }) =>
      void Object.assign(gatewayService(east), { type: 'NodePort', external: [], annotations: {} }),
  ),
  unusable(
    'node-port-without-address',
    'MP3211',
    ({ east }) =>
      void Object.assign(gatewayService(east), {
        ...{ type: 'NodePort', external: [] },
        annotations: { 'traffic.istio.io/nodeSelector': '{"pool":"edge"}' },
      }),
  ),
  unusable(
    'host-name-without-address',
    'MP3213',
    ({ east }) =>
      void Object.assign(gatewayService(east), { type: 'LoadBalancer', external: ['gateway.example'] }),
  ),
  {
    id: 'kubernetes-gateway-not-deployed',
    follows: ['istiod-unready'],
    code: 'MP3212',
    cluster: 'east',
    break: all(unknownGateway, refused, ({ east }) => {
      const gone = labelledGateway(east);
      east.services = east.services.filter((one) => one !== gone);
      east.resources = east.resources.filter(({ kind }) => kind !== 'Gateway');
      const listener = { name: 'tls', port: 15443, protocol: 'TLS', tls: { mode: 'Passthrough' } };
      east.resources.push({
        ...resource(
          'Gateway',
          'crossnet',
          { gatewayClassName: 'istio', listeners: [listener] },
          gone.namespace,
        ),
        ...{ apiVersion: 'gateway.networking.k8s.io/v1', labels: { ...gone.labels } },
      });
    }),
  },
  {
    id: 'two-gateways-for-a-service',
    follows: ['gateway-missing', 'wrong-hosts'],
    code: 'MP3311',
    cluster: 'east',
    break: ({ east }) => {
      labelledGateway(east);
      const first = itemOf(east.resources, ({ name }) => name === 'cross-network-gateway');
      const second = structuredClone(first);
      Object.assign(second, { name: 'second', createdAt: '2026-11-01T11:30:00.000Z' });
      const [server] = second.spec['servers'] as { hosts: string[] }[];
      const { host } = itemOf(itemOf(east.istiods).shards, (one) => one.host.startsWith('catalog.'));
      if (server) server.hosts = [host.replace('catalog', '*')];
      east.resources.push(second);
    },
  },
];
