import { applyToBoth, itemOf, resource } from '../broken-sample.ts';
import { namespaceOf, reset, resourcesOf, serviceOf, withoutRemote, type Breakage } from './breakage.ts';

const route = (name: string, host: string, subset?: string) =>
  resource('VirtualService', name, { hosts: [name], http: [{ route: [{ destination: { host, subset } }] }] });
const versions = resource('DestinationRule', 'versions', {
  host: 'inventory',
  subsets: [{ name: 'v9', labels: { version: 'v9' } }],
});

const ofCatalog = (host: string) => host.startsWith('catalog.meshproof.');

export const workloadBreakages: readonly Breakage[] = [
  {
    id: 'injection-in-one-cluster',
    code: 'MP6101',
    cluster: 'east',
    break: ({ east }) => {
      const { labels } = namespaceOf(east, 'meshproof');
      delete labels['istio-injection'];
      delete labels['istio.io/rev'];
    },
  },
  {
    id: 'pod-without-sidecar',
    follows: ['injection-in-one-cluster', 'unknown-revision'],
    code: 'MP6102',
    cluster: 'east',
    break: ({ east }) => {
      const pod = itemOf(east.pods, ({ labels }) => labels['app'] === 'catalog');
      pod.sidecar = false;
      delete pod.proxy;
    },
  },
  {
    id: 'unknown-revision',
    code: 'MP6103',
    cluster: 'east',
    break: ({ east }) => {
      const { labels } = namespaceOf(east, 'meshproof');
      delete labels['istio-injection'];
      labels['istio.io/rev'] = 'gone';
    },
  },
  {
    id: 'both-injection-labels',
    code: 'MP6104',
    cluster: 'east',
    break: ({ east }) => {
      const { labels } = namespaceOf(east, 'meshproof');
      itemOf([labels], (one) => one['istio-injection'] === 'enabled')['istio.io/rev'] = 'stable';
    },
  },
  {
    id: 'proxy-crashes',
    code: 'MP6105',
    cluster: 'west',
    break: ({ west }) => {
      const pod = itemOf(west.pods, ({ labels }) => labels['app'] === 'webapp');
      const proxy = itemOf(pod.containers, ({ name }) => name === 'istio-proxy');
      Object.assign(proxy, { restarts: 4, waiting: 'CrashLoopBackOff' });
    },
  },
  {
    id: 'webhook-without-service',
    code: 'MP6106',
    cluster: 'east',
    break: ({ east }) => {
      const gone = { namespace: 'istio-system', name: 'istiod-old', port: 443 };
      itemOf(east.webhooks).service = gone;
    },
  },
  {
    id: 'service-missing',
    code: 'MP6201',
    cluster: 'west',
    break: ({ west }) => {
      const gone = serviceOf(west, 'inventory');
      west.services = west.services.filter((one) => one !== gone);
    },
  },
  {
    id: 'other-port-number',
    code: 'MP6202',
    cluster: 'east',
    break: (sample) => {
      itemOf(serviceOf(sample.east, 'catalog').ports).port = 8080;
      reset(sample);
      withoutRemote(sample, ofCatalog);
    },
  },
  {
    id: 'other-port-name',
    follows: ['other-port-number'],
    code: 'MP6203',
    cluster: 'east',
    break: (sample) => {
      itemOf(serviceOf(sample.east, 'catalog').ports).name = 'web';
      withoutRemote(sample, ofCatalog);
    },
  },
  {
    id: 'other-protocol',
    follows: ['pods-without-sidecar-on-another-network', 'service-missing'],
    code: 'MP6204',
    cluster: 'east',
    break: ({ east }) => void (itemOf(serviceOf(east, 'inventory').ports).appProtocol = 'tcp'),
  },
  {
    id: 'headless-in-one-cluster',
    code: 'MP6205',
    cluster: 'east',
    break: ({ east }) => void (serviceOf(east, 'webapp').headless = true),
  },
  {
    id: 'subset-without-pods',
    code: 'MP6301',
    break: (sample) => {
      applyToBoth(sample, versions);
      applyToBoth(sample, route('inventory', 'inventory', 'v9'));
    },
  },
  {
    id: 'route-to-unknown-subset',
    code: 'MP6315',
    break: (sample) => applyToBoth(sample, route('catalog', 'catalog', 'v8')),
  },
  {
    id: 'service-entry-in-one-cluster',
    code: 'MP6316',
    cluster: 'west',
    peer: 'east',
    break: (sample) => {
      resourcesOf(sample.east).push(
        resource('ServiceEntry', 'stage', {
          ...{ hosts: ['stage.example'], location: 'MESH_INTERNAL', resolution: 'DNS' },
          ports: [{ name: 'http', number: 80, protocol: 'HTTP' }],
        }),
      );
      applyToBoth(sample, route('webapp', 'stage.example'));
    },
  },
  {
    id: 'route-to-nothing',
    code: 'MP6302',
    break: (sample) => applyToBoth(sample, route('catalog', 'gone')),
  },
  {
    id: 'route-in-one-cluster',
    follows: ['service-missing'],
    code: 'MP6303',
    break: ({ east }) => void resourcesOf(east).push(route('inventory', 'inventory')),
  },
  {
    id: 'sidecar-in-one-cluster',
    code: 'MP6304',
    break: ({ east }) =>
      void resourcesOf(east).push(resource('Sidecar', 'default', { egress: [{ hosts: ['./*'] }] })),
  },
];
