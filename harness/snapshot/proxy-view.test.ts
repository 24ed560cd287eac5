import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDump } from '../mesh/envoy-pages.ts';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { proxyRecord } from './proxy-view.ts';
import { sampleSnapshot } from './sample/sample.ts';

const pod = sampleSnapshot().clusters[0]?.pods[0] ?? assert.fail();
const question = (upstreamsPerProxy = 10) => ({
  ...{ pod, upstreamsPerProxy, book: new CertificateBook(), gaps: new Gaps() },
});
const host = 'catalog.meshproof.svc.cluster.local';

const istioTls = {
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    sni: `outbound_.80_._.${host}`,
    common_tls_context: {
      combined_validation_context: {
        default_validation_context: {
          match_subject_alt_names: [{ exact: 'spiffe://cluster.local/ns/m/sa/c' }],
        },
        validation_context_sds_secret_config: { name: 'ROOTCA' },
      },
    },
  },
};
/** Shaped as Envoy 1.39 answers under Istio 1.31. */
const dump = {
  configs: [
    {
      bootstrap: {
        node: {
          metadata: { CLUSTER_ID: 'west', NETWORK: 'west-net' },
          user_agent_build_version: { version: { major_number: 1, minor_number: 39, patch: 1 } },
        },
      },
    },
    {
      dynamic_active_clusters: [
        { cluster: { name: 'BlackHoleCluster' } },
        {
          cluster: {
            name: `outbound|80|v1|${host}`,
            lb_policy: 'LEAST_REQUEST',
            outlier_detection: {
              consecutive_5xx: 3,
              interval: '1s',
              base_ejection_time: '0.500s',
              max_ejection_percent: 100,
            },
            common_lb_config: { locality_weighted_lb_config: {} },
            transport_socket_matches: [
              { match: { tlsMode: 'istio' }, transport_socket: istioTls },
              { match: {} },
            ],
          },
        },
        { cluster: { name: `outbound_.80_._.${host}` } },
        { cluster: { name: 'outbound|443||api.example.com', transport_socket: istioTls } },
      ],
      dynamic_warming_clusters: [{ cluster: { name: 'slow' } }],
    },
    {
      dynamic_endpoint_configs: [
        {
          endpoint_config: {
            cluster_name: `outbound|80|v1|${host}`,
            endpoints: [
              { locality: { region: 'r' }, load_balancing_weight: 2, lb_endpoints: [{}, {}] },
              { locality: { region: 'e' }, priority: 1, lb_endpoints: [{}] },
            ],
          },
        },
      ],
    },
    {
      dynamic_listeners: [
        {
          name: 'l',
          active_state: {
            listener: {
              name: 'l',
              address: { socket_address: { address: '0.0.0.0', port_value: 15443 } },
              filter_chains: [{ filter_chain_match: { server_names: ['a', 'b'] } }, { transport_socket: {} }],
            },
          },
        },
        { name: 'waiting', warming_state: {} },
      ],
    },
  ],
};

const record = (upstreamsPerProxy?: number) => {
  const asked = question(upstreamsPerProxy);
  const reading = { dump: parseDump(JSON.stringify(dump)), used: new Map(), state: 'LIVE' };
  return { ...proxyRecord(reading, asked), gaps: asked.gaps.list };
};

test('an upstream tells its host, port and subset, outlier detection, TLS and the weights that istiod sent', () => {
  const [first] = record().upstreams;
  assert.deepEqual(first, {
    name: `outbound|80|v1|${host}`,
    ...{ host, port: 80, subset: 'v1', tls: 'auto', sni: `outbound_.80_._.${host}` },
    outlierDetection: { consecutive5xx: 3, intervalMs: 1_000, baseEjectionMs: 500, maxEjectionPercent: 100 },
    ...{ trusts: ['spiffe://cluster.local/ns/m/sa/c'], policy: 'LEAST_REQUEST', localityWeighted: true },
    localityWeights: [
      { region: 'r', zone: '', subzone: '', priority: 0, weight: 2, endpoints: 2 },
      { region: 'e', zone: '', subzone: '', priority: 1, endpoints: 1 },
    ],
    endpoints: [],
  });
});

test('the names of upstreams of an east-west gateway are parsed, and other clusters of Envoy are left out', () => {
  const seen = record().upstreams.map(({ host: of, port, subset, tls }) => [of, port, subset, tls]);
  assert.deepEqual(seen.slice(1), [
    [host, 80, '', 'none'],
    ['api.example.com', 443, '', 'istioMutual'],
  ]);
});

test('a listener tells its port, server names and whether it ends TLS; what waits is named', () => {
  const { listeners, warming, clusterId, network, version } = record();
  assert.deepEqual(listeners, [
    { name: 'l', address: '0.0.0.0', port: 15443, serverNames: ['a', 'b'], tls: true },
  ]);
  assert.deepEqual(
    [warming, clusterId, network, version],
    [['slow', 'waiting'], 'west', 'west-net', '1.39.1'],
  );
});

test('upstreams beyond the limit are cut, upstreams in several localities last, and the cut is noted', () => {
  const { upstreams, gaps } = record(1);
  assert.deepEqual(
    upstreams.map(({ subset }) => subset),
    ['v1'],
  );
  assert.deepEqual(
    gaps.map(({ reason, why }) => [reason, why]),
    [['limit', '1 of 3 upstreams are kept']],
  );
});

test('a dump that is cut off or damaged is an error, never half a proxy', () => {
  const text = JSON.stringify(dump);
  fc.assert(
    fc.property(fc.nat(text.length - 1), (end) => assert.throws(() => parseDump(text.slice(0, end)))),
  );
});
