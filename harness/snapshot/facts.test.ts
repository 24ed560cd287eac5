import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { loadTopology } from '../config/load.ts';
import { issueAuthorities } from '../x509/authorities.ts';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { installsOf } from './installs.ts';
import { keptFields } from './kept-fields.ts';
import { kept, snapshotHash } from './kept.ts';
import { namespaceRecord, serviceRecord } from './kubernetes-records.ts';
import { settingsOf } from './mesh-settings.ts';
import { podRecord } from './pod-record.ts';
import { resourceRecord } from './resources.ts';

const book = () => new CertificateBook();
const hash = snapshotHash();
const topology = loadTopology(path.join(import.meta.dirname, '../../clusters/topologies/west-east.yaml'));
const authorities = await issueAuthorities(topology);

const podWith = (env: object[], status: object = {}) =>
  ({ spec: { containers: [{ name: 'istio-proxy', env }] }, status }) as V1Pod;
const captureOf = (...env: [string, string][]) =>
  podRecord(podWith(env.map(([name, value]) => ({ name, value })))).proxy?.dnsCapture;

test('a pod has all its addresses, of both IP families', () => {
  const status = { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] };
  assert.deepEqual(podRecord(podWith([], status)).ips, ['10.0.0.1', 'fd00::1']);
  assert.deepEqual(podRecord(podWith([])).ips, []);
});

test('DNS capture is read from the variable of the proxy, then from PROXY_CONFIG', () => {
  const config = (value: unknown) =>
    JSON.stringify({ proxyMetadata: { OTHER: 'true', ISTIO_META_DNS_CAPTURE: value } });
  assert.equal(captureOf(['ISTIO_META_DNS_CAPTURE', 'true']), true);
  assert.equal(captureOf(['ISTIO_META_DNS_CAPTURE', '0']), false);
  assert.equal(captureOf(['PROXY_CONFIG', config('true')]), true);
  assert.equal(captureOf(['PROXY_CONFIG', config(false)]), false);
  assert.equal(captureOf(['PROXY_CONFIG', config('true')], ['ISTIO_META_DNS_CAPTURE', 'false']), false);
  assert.equal(captureOf(['PROXY_CONFIG', config('velvet')]), undefined);
  assert.equal(captureOf(), undefined);
});

test('of the annotations of a namespace and a resource, those of Istio remain', () => {
  const metadata = {
    annotations: {
      'topology.istio.io/controlPlaneClusters': '*',
      'istio.io/dry-run': 'true',
      note: 'velvet',
    },
  };
  const expected = { 'topology.istio.io/controlPlaneClusters': '*', 'istio.io/dry-run': 'true' };
  assert.deepEqual(namespaceRecord({ metadata }).annotations, expected);
  const kind = { group: 'security.istio.io', version: 'v1', kind: 'AuthorizationPolicy' };
  assert.deepEqual(resourceRecord(kind, { metadata }, hash).annotations, expected);
});

test('the IP families of a Service remain', () => {
  assert.deepEqual(serviceRecord({ spec: { ipFamilies: ['IPv6', 'IPv4'] } }).ipFamilies, ['IPv6', 'IPv4']);
  assert.equal(serviceRecord({ spec: {} }).ipFamilies, undefined);
});

test('serviceSettings remain in their order, with the exceptions', () => {
  const { serviceSettings, clusterLocalHosts } = settingsOf(
    {
      serviceSettings: [
        { settings: { clusterLocal: true }, hosts: ['*'] },
        { settings: {}, hosts: ['cart.shop.svc.cluster.local'] },
      ],
    },
    book(),
  );
  assert.deepEqual(serviceSettings, [
    { hosts: ['*'], clusterLocal: true },
    { hosts: ['cart.shop.svc.cluster.local'], clusterLocal: false },
  ]);
  assert.deepEqual(clusterLocalHosts, ['*']);
});

test('each entry of caCertificates has its trust domains and signers, and of a URL only the flag', () => {
  const pem = authorities.root.certificate;
  const { caTrustDomains, caCertificates } = settingsOf(
    {
      caCertificates: [
        { pem, trustDomains: ['partner.example'], certSigners: ['issuers.example/a'] },
        { spiffeBundleUrl: 'https://user:velvet@spire.example/bundle', trustDomains: ['other.example'] },
      ],
    },
    book(),
  );
  assert.equal(caCertificates.length, 1);
  assert.deepEqual(caTrustDomains, [
    {
      roots: caCertificates,
      trustDomains: ['partner.example'],
      certSigners: ['issuers.example/a'],
      bundleUrl: false,
    },
    { roots: [], trustDomains: ['other.example'], certSigners: [], bundleUrl: true },
  ]);
});

test('of proxyMetadata the entries that decide between clusters remain', () => {
  const proxyMetadata = { ISTIO_META_DNS_CAPTURE: 'true', PROXY_CONFIG_XDS_AGENT: true, TOKEN: 'velvet' };
  assert.deepEqual(settingsOf({ defaultConfig: { proxyMetadata } }, book()).proxyMetadata, {
    ISTIO_META_DNS_CAPTURE: 'true',
    PROXY_CONFIG_XDS_AGENT: 'true',
  });
  assert.equal(settingsOf({}, book()).proxyMetadata, undefined);
});

test('the defaults of the mesh for zones and outlier detection remain', () => {
  const settings = settingsOf(
    {
      zoneAwareLbSetting: { enabled: true, failoverPriority: ['topology.istio.io/network'] },
      defaultTrafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } },
    },
    book(),
  );
  assert.equal(settings.zoneAwareLb, true);
  assert.equal(settings.defaultOutlierDetection, true);
  assert.equal(settingsOf({}, book()).zoneAwareLb, undefined);
  assert.equal(settingsOf({}, book()).defaultOutlierDetection, undefined);
});

test('an istiod has its DNS domain and the switches that decide between clusters', () => {
  const installWith = (args: string[], env: object[] = []) => {
    const metadata = { labels: { app: 'istiod' } };
    const containers = [{ name: 'discovery', args, env }];
    const deployment = { metadata: {}, spec: { template: { metadata, spec: { containers } } } };
    const gaps = new Gaps();
    const [install] = installsOf(
      { deployments: [deployment as unknown as V1Deployment], configMaps: [], hash },
      book(),
      gaps,
    );
    assert.deepEqual(gaps.list, []);
    return install ?? assert.fail();
  };
  assert.equal(installWith(['discovery', '--domain', 'mesh.example']).domain, 'mesh.example');
  assert.equal(installWith(['discovery', '--domain=mesh.example']).domain, 'mesh.example');
  assert.equal(installWith(['discovery']).domain, undefined);
  const env = ['ENABLE_MCS_SERVICE_DISCOVERY', 'EXTERNAL_CA', 'ROOT_CA_DIR', 'PASSWORD'].map((name) => ({
    name,
    value: 'x',
  }));
  assert.deepEqual(
    Object.keys(installWith([], env).env),
    env.slice(0, 3).map(({ name }) => name),
  );
});

test('ServiceExports and ServiceImports remain without the labels and annotations that they copy', () => {
  const { ServiceExport = {}, ServiceImport = {} } = keptFields['multicluster.x-k8s.io'] ?? {};
  const exported = { exportedLabels: { note: 'velvet' }, exportedAnnotations: { note: 'velvet' } };
  assert.doesNotMatch(JSON.stringify(kept(exported, ServiceExport, hash)), /velvet/);
  const imported = {
    type: 'ClusterSetIP',
    ips: ['240.0.0.1'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  };
  assert.deepEqual(kept(imported, ServiceImport, hash), imported);
});

test('the option of a Kubernetes Gateway for passthrough remains', () => {
  const { Gateway = {} } = keptFields['gateway.networking.k8s.io'] ?? {};
  const gateway = (option: string) => ({
    listeners: [
      { name: 'cross-network', port: 15443, tls: { mode: 'Passthrough', options: { [option]: 'velvet' } } },
    ],
    infrastructure: { annotations: { [option]: 'velvet' } },
  });
  assert.match(JSON.stringify(kept(gateway('gateway.istio.io/listener-protocol'), Gateway, hash)), /velvet/);
  assert.doesNotMatch(JSON.stringify(kept(gateway('example.com/secret'), Gateway, hash)), /velvet/);
});
