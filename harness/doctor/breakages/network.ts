import { notCalling } from './discovery.ts';
import { itemOf, resource, applyToBoth, type SampleCluster } from '../broken-sample.ts';
import {
  all,
  deaf,
  gatewayPods,
  gatewayService,
  gatewayWithAddress,
  labelledGateway,
  namespaceOf,
  refused,
  reset,
  unknownGateway,
  without,
  withoutRemote,
  type Breakage,
} from './breakage.ts';

const label = 'topology.istio.io/network';
const systemOf = (cluster: SampleCluster) => namespaceOf(cluster, itemOf(cluster.installs).namespace);

/** The Gateway that exposes the services of a cluster. */
const exposing = (cluster: SampleCluster) =>
  itemOf(
    cluster.resources,
    ({ kind, spec }) => kind === 'Gateway' && JSON.stringify(spec).includes('AUTO_PASSTHROUGH'),
  );
const specOf = (cluster: SampleCluster) =>
  exposing(cluster).spec as {
    selector: object;
    servers: { port: { number: number }; tls: object; hosts: string[] }[];
  };

const closedPolicy = resource(
  'NetworkPolicy',
  'closed',
  { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
  'istio-system',
);

const gatewayBreakages: readonly Breakage[] = [
  {
    id: 'gateway-missing',
    follows: ['istiod-unready'],
    code: 'MP3201',
    cluster: 'east',
    break: all(unknownGateway, refused, ({ east }) => {
      const gone = gatewayService(east);
      east.services = east.services.filter((one) => one !== gone);
    }),
  },
  {
    id: 'gateway-without-label',
    follows: ['istiod-unready'],
    code: 'MP3202',
    cluster: 'east',
    break: all(unknownGateway, ({ east }) => void delete labelledGateway(east).labels[label]),
  },
  {
    id: 'gateway-of-another-network',
    follows: ['istiod-unready'],
    code: 'MP3207',
    cluster: 'east',
    break: all(unknownGateway, ({ east }) => void (labelledGateway(east).labels[label] = 'west-net')),
  },
  {
    id: 'gateway-without-address',
    follows: [
      'node-port-without-nodes',
      'node-port-without-address',
      'gateway-without-label',
      'gateway-of-another-network',
    ],
    code: 'MP3203',
    cluster: 'east',
    break: all(unknownGateway, ({ east }) => void (labelledGateway(east).external = [])),
  },
  {
    id: 'gateway-without-port',
    follows: ['gateway-without-label', 'gateway-of-another-network'],
    code: 'MP3204',
    cluster: 'east',
    break: all(unknownGateway, refused, ({ east }) => {
      itemOf(labelledGateway(east).ports, ({ port }) => port === 15443).port = 15444;
    }),
  },
  {
    id: 'gateway-without-pods',
    follows: ['kubernetes-gateway-not-deployed', 'two-gateways-for-a-service', 'gateway-missing'],
    code: 'MP3205',
    cluster: 'east',
    break: all(refused, ({ east }) => {
      const gone = new Set(gatewayPods(east));
      east.pods = east.pods.filter((pod) => !gone.has(pod));
      const names = new Set([...gone].map(({ name }) => name));
      east.proxies = east.proxies.filter(({ pod }) => !names.has(pod));
      for (const istiod of east.istiods)
        istiod.connected = istiod.connected.filter(({ proxy }) => !names.has(proxy.split('.')[0] ?? ''));
    }),
  },
  {
    id: 'gateway-forwards-to-other-networks',
    follows: ['kubernetes-gateway-not-deployed', 'gateway-missing', 'gateway-without-label'],
    code: 'MP3503',
    cluster: 'east',
    break: ({ east }) => {
      for (const { proxy } of gatewayPods(east)) delete proxy?.requestedNetworkView;
    },
  },
  {
    id: 'services-not-exposed',
    follows: ['gateway-missing', 'gateway-without-port'],
    code: 'MP3301',
    cluster: 'east',
    break: all(refused, deaf, ({ east }) => {
      const gone = exposing(east);
      east.resources = east.resources.filter((one) => one !== gone);
    }),
  },
  {
    id: 'wrong-tls-mode',
    code: 'MP3302',
    cluster: 'east',
    break: all(reset, ({ east }) => void (itemOf(specOf(east).servers).tls = { mode: 'PASSTHROUGH' })),
  },
  {
    id: 'wrong-selector',
    follows: ['gateway-missing', 'gateway-without-port'],
    code: 'MP3303',
    cluster: 'east',
    break: all(refused, deaf, ({ east }) => void (specOf(east).selector = { istio: 'eastgateway' })),
  },
  {
    id: 'wrong-hosts',
    follows: ['two-gateways-for-a-service', 'gateway-missing', ...notCalling],
    code: 'MP3304',
    cluster: 'east',
    break: all(reset, ({ east }) => void (itemOf(specOf(east).servers).hosts = ['*.global'])),
  },
  {
    id: 'wrong-gateway-port',
    follows: ['gateway-missing', 'gateway-without-port', 'wrong-selector'],
    code: 'MP3305',
    cluster: 'east',
    break: all(refused, deaf, ({ east }) => void (itemOf(specOf(east).servers).port.number = 15444)),
  },
];

export const networkBreakages: readonly Breakage[] = [
  ...gatewayBreakages,
  {
    id: 'network-label-missing',
    code: 'MP3101',
    cluster: 'east',
    break: ({ east }) => void delete systemOf(east).labels[label],
  },
  {
    id: 'network-label-unknown',
    code: 'MP3102',
    cluster: 'east',
    break: ({ east }) => void (systemOf(east).labels[label] = 'nowhere'),
  },
  {
    id: 'network-label-of-another',
    follows: ['injector-with-another-network'],
    code: 'MP3103',
    cluster: 'east',
    peer: 'west',
    break: ({ east, west }) => {
      gatewayService(east);
      systemOf(east).labels[label] = 'west-net';
      for (const { shards } of west.istiods)
        for (const shard of shards) if (shard.cluster === east.name) shard.networks = ['west-net'];
    },
  },
  {
    id: 'proxy-on-another-network',
    follows: ['mesh-ids-differ'],
    code: 'MP3104',
    cluster: 'east',
    break: ({ east }) => {
      const pod = itemOf(east.pods, ({ sidecar }) => sidecar);
      pod.labels[label] = 'nowhere';
      Object.assign(itemOf([pod.proxy]) ?? {}, { network: 'nowhere' });
    },
  },
  {
    id: 'endpoints-on-another-network',
    isEffect: true,
    code: 'MP3506',
    cluster: 'west',
    peer: 'east',
    break: ({ west, east }) => {
      gatewayService(east);
      const isMeshed = ({ cluster, mtls }: { cluster: string; mtls: number }) =>
        cluster === east.name && mtls > 0;
      itemOf(itemOf(west.istiods).shards, isMeshed).networks = ['elsewhere'];
    },
  },
  {
    id: 'gateway-blocked',
    isEffect: true,
    code: 'MP3401',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      refused(sample);
      for (const probe of sample.west.probes)
        if (probe.target === 'eastWestGateway' && probe.cluster === 'east') probe.tcp = 'timeout';
    },
  },
  {
    id: 'tls-fails',
    isEffect: true,
    follows: notCalling,
    code: 'MP3402',
    cluster: 'west',
    peer: 'east',
    break: reset,
  },
  {
    id: 'foreign-certificate',
    code: 'MP3403',
    cluster: 'west',
    peer: 'east',
    break: ({ west, snapshot }) => {
      const foreign = {
        ...structuredClone(itemOf(snapshot.certificates)),
        ...{ fingerprint: 'ff', subject: 'CN=elb', issuer: 'CN=public', subjectKeyId: 'x', signedBy: [] },
      };
      snapshot.certificates.push(foreign);
      itemOf(west.probes, (one) => one.target === 'eastWestGateway' && one.cluster === 'east').chain = ['ff'];
    },
  },
  {
    id: 'api-server-blocked',
    isEffect: true,
    code: 'MP3404',
    cluster: 'west',
    peer: 'east',
    break: ({ west }) =>
      void Object.assign(
        itemOf(west.probes, (one) => one.target === 'apiServer' && one.cluster === 'east'),
        { tcp: 'timeout', tls: 'notTried' },
      ),
  },
  {
    id: 'gateway-unknown',
    isEffect: true,
    code: 'MP3501',
    cluster: 'west',
    peer: 'east',
    break: all(({ east }) => void gatewayWithAddress(east), unknownGateway),
  },
  {
    id: 'gateway-does-not-listen',
    follows: ['gateway-missing', 'gateway-without-label', 'gateway-without-port'],
    isEffect: true,
    code: 'MP3502',
    cluster: 'east',
    break: all(({ east }) => void gatewayWithAddress(east), deaf),
  },
  {
    id: 'rule-without-mutual-tls',
    follows: ['pods-without-sidecar-on-another-network'],
    code: 'MP3601',
    break: (sample) => {
      gatewayService(sample.east);
      const rule = { host: 'inventory', trafficPolicy: { tls: { mode: 'DISABLE' } } };
      applyToBoth(sample, resource('DestinationRule', 'plain', rule));
      withoutRemote(sample, (host) => host.startsWith('inventory.meshproof.'));
    },
  },
  {
    id: 'clients-without-remote',
    follows: ['injector-with-another-network', 'istiod-unready', 'network-label-of-another'],
    isEffect: true,
    code: 'MP3602',
    cluster: 'west',
    peer: 'east',
    break: (sample) => withoutRemote(sample),
  },
  {
    id: 'network-policy',
    follows: ['kubernetes-gateway-not-deployed', 'gateway-missing', 'gateway-without-pods'],
    code: 'MP3701',
    cluster: 'east',
    break: all(refused, ({ east }) => {
      without(east, 'NetworkPolicy');
      east.resources.push({ ...structuredClone(closedPolicy), namespace: gatewayService(east).namespace });
    }),
  },
];
