import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, itemOf, type SampleCluster } from '../broken-sample.ts';
import { judge } from '../judge.ts';

const gatewayProbe = ({ probes }: SampleCluster) =>
  itemOf(probes, ({ target }) => target === 'eastWestGateway');

test('a probe that does not name its cluster shows TCP only, and only if no other probe has its address', () => {
  const causes = (over: object) =>
    judge(
      broken(({ west }) => {
        const probe = gatewayProbe(west);
        west.probes.push({ ...probe, cluster: '', tls: 'closed', chain: [], ...over });
        itemOf(west.istiods).networks.push({
          ...{ network: 'east-net', cluster: '', address: '192.0.2.1', port: probe.port },
        });
      }),
    ).causes.map(({ finding }) => `${finding.code} ${finding.peer}`);
  assert.deepEqual(causes({}), []);
  assert.deepEqual(causes({ tcp: 'timeout' }), []);
  assert.deepEqual(causes({ address: '192.0.2.1' }), []);
  assert.deepEqual(causes({ address: '192.0.2.1', tcp: 'timeout' }), ['MP3401 east']);
  assert.deepEqual(causes({ address: '192.0.2.9', tcp: 'timeout' }), ['MP3401 undefined']);
});
