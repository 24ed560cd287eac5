import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { compareBodies } from '../traffic/transfers.ts';
import { judgeAnsweredBy, requestsToSeeFailures, servedBy } from './answered-by.ts';
import { judgeCrossNetwork, type ProxyEndpoints } from './cross-network.ts';
import { judgeIntact, judgeStreaming } from './integrity.ts';
import { judgeIsolation } from './isolation.ts';
import { judgeOutcomes } from './outcomes.ts';
import { judgeReach } from './reach.ts';

const record = (outcome: Outcome, cluster?: string, service = 'orders'): RequestRecord => ({
  startMs: 0,
  endMs: 1,
  outcome,
  ...(cluster ? { origin: { service, cluster, region: cluster, zone: '', pod: `${cluster}-0` } } : {}),
});
const timelineOf = (...requests: RequestRecord[]): Timeline => ({ startedAt: '', requests, events: [] });
const many = (count: number, one: RequestRecord) => Array.from({ length: count }, () => one);

test('66 requests show a failure rate of one tenth with a probability of 99.9 %', () => {
  assert.equal(requestsToSeeFailures(), 66);
  assert.ok(1 - 0.9 ** 66 >= 0.999 && 1 - 0.9 ** 65 < 0.999);
});

test('answers must come from the called service and an allowed cluster', () => {
  const judge = (...requests: RequestRecord[]) =>
    judgeAnsweredBy({ timeline: timelineOf(...requests), service: 'orders', clusters: ['east'], atLeast: 2 });
  assert.equal(judge(...many(2, record('ok', 'east'))).verdict, 'pass');
  assert.equal(judge(record('ok', 'east')).verdict, 'error');
  assert.match(judge(record('ok', 'west')).reason, /answered by 1 orders in west, not in east/);
  assert.match(judge(record('ok', 'east', 'catalog')).reason, /1 catalog in east/);
  assert.match(judge(record('ok')).reason, /an unknown server/);
  const refused = judge({ ...record('noHealthyUpstream'), detail: '503 no healthy upstream' });
  assert.equal(refused.verdict, 'fail');
  assert.match(refused.reason, /failed \(1 noHealthyUpstream\), such as "503 no healthy upstream"/);
});

test('an answer of another service or an unknown server is an appError', () => {
  const judge = (one: RequestRecord) =>
    judgeOutcomes({ timeline: timelineOf(servedBy('orders', one)), expected: 'ok' });
  assert.equal(judge(record('ok', 'east')).verdict, 'pass');
  assert.match(judge(record('ok')).reason, /1 appError, such as "answered by an unknown server, not orders"/);
  assert.match(judge(record('ok', 'east', 'catalog')).reason, /answered by catalog in east, not orders/);
  assert.equal(judge(record('ok')).verdict, 'fail');
  const denied = record('denied');
  assert.equal(servedBy('orders', denied), denied);
});

test('a cluster is reached if it answered for each of its services', () => {
  const call = (protocol: string, ...requests: RequestRecord[]) => ({
    service: 'orders',
    protocol,
    timeline: timelineOf(...requests),
    enough: 2,
  });
  const there = record('ok', 'east');
  const here = record('ok', 'west');
  assert.equal(judgeReach('east', [call('HTTP', here, there), call('TCP', there)]).verdict, 'pass');
  assert.equal(judgeReach('east', []).verdict, 'error');
  assert.equal(judgeReach('east', [call('TCP', here)]).verdict, 'error');
  assert.match(
    judgeReach('east', [call('TCP', here, here)]).reason,
    /east answered 0 of 2 requests to orders over TCP; the answers came from 2 west/,
  );
  assert.match(
    judgeReach('east', [call('TCP', there, record('upstreamReset'))]).reason,
    /1 of 2 requests to orders over TCP failed \(1 upstreamReset\)/,
  );
});

const endpoint = (address: string, port = 8080) => ({ address, port, weight: 1, health: 'HEALTHY' });
const proxyOf = (east: string, west: string, over: Partial<ProxyEndpoints> = {}): ProxyEndpoints => ({
  proxy: 'west/probe',
  service: 'catalog',
  port: 80,
  ownPods: ['10.244.0.5'],
  localities: [
    { region: 'r-east', zone: '', subzone: '', priority: 0, endpoints: [endpoint(east, 15443)] },
    { region: 'r-west', zone: '', subzone: '', priority: 0, endpoints: [endpoint(west)] },
  ],
  otherNetworks: [
    { network: 'east-net', regions: ['r-east'], gateways: [{ address: '10.77.1.3', port: 15443 }] },
  ],
  ...over,
});

test('endpoints of another network must be its gateways', () => {
  assert.equal(judgeCrossNetwork([proxyOf('10.77.1.3', '10.244.0.5')]).verdict, 'pass');
  assert.equal(judgeCrossNetwork([proxyOf('x', 'y', { otherNetworks: [] })]).verdict, 'fail');
  assert.equal(judgeCrossNetwork([]).verdict, 'error');
});

test('a pod of another network among the endpoints fails, even if a local pod has the same address', () => {
  const { reason, verdict } = judgeCrossNetwork([proxyOf('10.244.0.5', '10.244.0.5')]);
  assert.equal(verdict, 'fail');
  assert.match(reason, /10\.244\.0\.5:15443 \(r-east\), neither a pod of the proxy's network nor a gateway/);
  assert.match(reason, /has no gateway of east-net, although catalog has pods there/);
  assert.match(
    judgeCrossNetwork([proxyOf('10.77.1.3', '10.244.0.9')]).reason,
    /10\.244\.0\.9:8080 \(r-west\)/,
  );
});

test('a gateway with a host name as its address is identified by its port', () => {
  const named = {
    otherNetworks: [
      { network: 'east-net', regions: ['r-east'], gateways: [{ address: 'ew.example', port: 15443 }] },
    ],
  };
  assert.equal(judgeCrossNetwork([proxyOf('203.0.113.7', '10.244.0.5', named)]).verdict, 'pass');
});

test('silence at every address is isolation if the control call is answered', () => {
  const judge = (control: Outcome, alsoHere: boolean, one: RequestRecord) =>
    judgeIsolation({
      cluster: 'east',
      control: record(control, 'west'),
      attempts: [{ address: '10.244.0.7', alsoHere, record: one }],
    });
  assert.equal(judge('ok', false, record('connectFailure')).verdict, 'pass');
  assert.equal(judge('ok', true, record('ok', 'west')).verdict, 'pass');
  assert.equal(judge('connectFailure', false, record('connectFailure')).verdict, 'error');
  assert.match(
    judge('ok', false, record('ok', 'east')).reason,
    /1 pod of east answered .* 10\.244\.0\.7 \(ok by east-0\)/,
  );
  assert.match(
    judge('ok', false, record('denied')).reason,
    /addresses that only pods of east have responded: 10\.244\.0\.7 \(denied\)/,
  );
  assert.equal(judge('ok', true, record('denied')).verdict, 'pass');
  const none = judgeIsolation({ cluster: 'east', control: record('ok', 'west'), attempts: [] });
  assert.equal(none.verdict, 'error');
});

test('a body is intact if every byte is correct', () => {
  const judge = (received: string, outcome: Outcome = 'ok', from = 'east') =>
    judgeIntact('east', [
      { what: 'echo', outcome, from, ...compareBodies(Buffer.from('abcdef'), Buffer.from(received)) },
    ]);
  assert.equal(judge('abcdef').verdict, 'pass');
  assert.match(judge('abXdef').reason, /6 of 6 bytes arrived, the first wrong byte is at 2/);
  assert.match(judge('abc').reason, /3 of 6 bytes arrived, the body ends too early/);
  assert.match(judge('abcdefg').reason, /the first wrong byte is at 6/);
  assert.match(judge('ab', 'clientTimeout').reason, /clientTimeout after 2 of 6 bytes/);
  assert.match(judge('abcdef', 'ok', 'west').reason, /answered by west, not east/);
  assert.equal(judgeIntact('east', []).verdict, 'error');
});

test('a stream that is buffered or pauses fails', () => {
  const limits = { leastMs: 900, longestPauseMs: 300 };
  const steady = { arrivedMs: [100, 350, 600, 850], endMs: 1000 };
  assert.equal(judgeStreaming(steady, limits).verdict, 'pass');
  assert.match(judgeStreaming({ arrivedMs: [1000], endMs: 1000 }, limits).reason, /paused for 1000 ms/);
  assert.match(judgeStreaming({ arrivedMs: [], endMs: 1000 }, limits).reason, /paused for 1000 ms/);
  assert.match(
    judgeStreaming({ arrivedMs: [100], endMs: 120 }, limits).reason,
    /ended after 120 ms, but the server sends it for 900 ms/,
  );
});
