import type { RecordedCase } from './case.ts';

const istio = 'https://github.com/istio/istio';

/** Broken meshes. The doctor names the cause first. */
export const brokenCases: readonly RecordedCase[] = [
  {
    id: '21-node-port-without-nodes',
    title: 'A gateway Service of type NodePort does not name its nodes',
    setup:
      'The gateway Service of east is a NodePort with the network label, and without the annotation traffic.istio.io/nodeSelector.',
    sources: [`${istio}/issues/39930`, `${istio}/issues/49045`],
    expected: {
      codes: ['MP3210'],
      cluster: 'east',
      object: 'Service istio-system/istio-eastwestgateway',
      names: ['traffic.istio.io/nodeSelector'],
    },
  },
  {
    id: '22-new-root-too-early',
    title: 'A cluster signs with a root that its peer does not trust yet',
    setup:
      'cacerts of west has the old and the new root, and an intermediate of the new root. East has the old root only.',
    sources: [
      `${istio}/issues/50420`,
      `${istio}/issues/55005`,
      'https://github.com/cert-manager/istio-csr/issues/137',
    ],
    expected: { codes: ['MP1112'], cluster: 'east', peer: 'west' },
  },
  {
    id: '23-selectors-of-the-reader',
    title: 'discoverySelectors of a cluster hide a namespace of its peer',
    setup: 'discoverySelectors of west select mesh=prod. Namespace shop of east does not have this label.',
    sources: [`${istio}/issues/54402`, `${istio}/issues/34438`],
    expected: { codes: ['MP2221'], cluster: 'west', peer: 'east', object: 'Namespace shop' },
  },
  {
    id: '24-everything-kept-local',
    title: 'A cluster keeps every service local',
    setup: 'serviceSettings of west: the host * is clusterLocal. East does not have this setting.',
    sources: [`${istio}/pull/52367`],
    expected: { codes: ['MP6305'], cluster: 'west', peer: 'east', object: 'ConfigMap istio-system/istio' },
  },
  {
    id: '25-pods-outside-the-mesh',
    title: 'The only pods of a service are in another network without a sidecar',
    setup:
      'Service legacy is in both clusters. Its pod is in east and does not have a sidecar. Callers are in west.',
    sources: [`${istio}/issues/55916`],
    expected: { codes: ['MP6210'], cluster: 'west', peer: 'east', object: 'Service shop/legacy' },
  },
  {
    id: '26-passthrough-twice',
    title: 'Two Gateways pass the same services through on one port',
    setup:
      'East has Gateway shop-only besides cross-network-gateway, both AUTO_PASSTHROUGH on port 15443. Its gateway pod is new.',
    sources: [`${istio}/issues/42050`, `${istio}/issues/50353`],
    expected: {
      codes: ['MP3311'],
      cluster: 'east',
      object: 'Gateway istio-system/shop-only',
      names: ['cross-network-gateway'],
    },
  },
  {
    id: '28-name-not-known-to-callers',
    title: 'The cluster of the callers does not have the Service',
    setup: 'ledger has a Service and pods in east only. Callers in west have sidecars without DNS capture.',
    sources: [`${istio}/issues/37660`, `${istio}/issues/34850`],
    expected: {
      codes: ['MP6201'],
      atLeast: 'warning',
      cluster: 'west',
      peer: 'east',
      object: 'Service shop/ledger',
    },
  },
  {
    id: '29-one-gateway-of-two',
    title: 'The second gateway of a network does not have pods',
    setup:
      'East has a second gateway Service of its network with gatewayPort 15444. Its selector does not match a pod.',
    sources: [`${istio}/issues/57299`, `${istio}/issues/47130`],
    expected: { codes: ['MP3205'], cluster: 'east', object: 'Service istio-system/eastwest-b' },
  },
  {
    id: '31-flat-network-that-is-none',
    title: 'Clusters on one network have the same range of pods',
    setup: 'As 14-flat-network, but pods of both clusters have addresses of the same range.',
    sources: [`${istio}/issues/30765`, `${istio}/issues/35077`, `${istio}/issues/28381`],
    expected: { codes: ['MP3113'], cluster: 'west', peer: 'east' },
  },
  {
    id: '32-remote-without-trust-in-istiod',
    title: 'The primary does not give a remote the root and the CA bundle',
    setup:
      'As 15-primary-and-remote, but istio-system of east does not have the annotation topology.istio.io/controlPlaneClusters.',
    sources: [`${istio}/issues/42327`, `${istio}/issues/58445`, `${istio}/issues/32244`],
    expected: { codes: ['MP1120', 'MP6110'], cluster: 'east' },
  },
  {
    id: '34-own-domain-not-exposed',
    title: 'The cross-network Gateway exposes another DNS domain',
    setup: 'As 19-own-domain, but the cross-network Gateways have the host *.local of the samples.',
    sources: [`${istio}/issues/29692`],
    expected: { codes: ['MP3304'], object: 'Gateway istio-system/cross-network-gateway', names: ['*.local'] },
  },
  {
    id: '38-one-port-without-mutual-tls',
    title: 'Mutual TLS is off for the port that other networks call',
    setup:
      'PeerAuthentication ledger in both clusters is STRICT, with portLevelMtls DISABLE for 8080. ledger has pods in east only.',
    sources: [`${istio}/issues/28798`],
    expected: { codes: ['MP5202'], cluster: 'east', object: 'PeerAuthentication shop/ledger' },
  },
];
