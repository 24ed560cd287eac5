import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import { itemOf, resource } from '../broken-sample.ts';
import { MeshView } from '../mesh-view.ts';
import { allowedFrom, ingressPoliciesOf } from './network-policies.ts';

/** The clients that NetworkPolicies with these specifications let connect to port 15443 of the gateway. */
function allowed(...specs: Record<string, unknown>[]) {
  const snapshot = sampleSnapshot();
  const [data] = snapshot.clusters;
  assert.ok(data);
  const pod = itemOf(data.pods, ({ labels }) => labels['istio'] === 'eastwestgateway');
  itemOf(pod.containers).ports = [{ name: 'cross-network', port: 15443, protocol: 'TCP' }];
  data.resources.push(
    ...specs.map((spec, index) => resource('NetworkPolicy', `policy-${index}`, spec, pod.namespace)),
  );
  const [view] = new MeshView(snapshot).clusters;
  assert.ok(view);
  const policies = ingressPoliciesOf(view, pod);
  return policies.length === 0 ? 'not restricted' : allowedFrom(policies, pod, 15443);
}

const all = { podSelector: {} };
const port = (value: object) => ({ ...all, ingress: [{ ports: [value] }] });

test('a policy restricts the pods that it selects, if it is for ingress', () => {
  assert.equal(allowed(), 'not restricted');
  assert.equal(allowed({ ...all, policyTypes: ['Egress'] }), 'not restricted');
  assert.equal(allowed({ podSelector: { matchLabels: { app: 'istiod' } } }), 'not restricted');
  const others = { matchExpressions: [{ key: 'istio', operator: 'NotIn', values: ['eastwestgateway'] }] };
  assert.equal(allowed({ podSelector: others }), 'not restricted');
  assert.equal(allowed(all), 'nowhere');
});

test('ports are numbers, ranges or names', () => {
  assert.equal(allowed(port({ port: 15443 })), 'anywhere');
  assert.equal(allowed(port({ port: 15000, endPort: 16000 })), 'anywhere');
  assert.equal(allowed(port({ port: 15000, endPort: 15442 })), 'nowhere');
  assert.equal(allowed(port({ port: 'cross-network' })), 'anywhere');
  assert.equal(allowed(port({ port: 'http' })), 'nowhere');
  assert.equal(allowed(port({ protocol: 'TCP' })), 'anywhere');
  assert.equal(allowed(port({ protocol: 'UDP', port: 15443 })), 'nowhere');
  assert.equal(allowed({ ...all, ingress: [{}] }), 'anywhere');
});

test('policies add up, and only addresses stand for clients outside the cluster', () => {
  assert.equal(allowed(all, port({ port: 15443 })), 'anywhere');
  const from = (...peers: object[]) => ({ ...all, ingress: [{ from: peers }] });
  assert.equal(allowed(from({ namespaceSelector: {} })), 'nowhere');
  assert.equal(allowed(from({ ipBlock: { cidr: '0.0.0.0/0' } })), 'anywhere');
  assert.equal(allowed(from({ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } })), 'ranges');
  assert.equal(allowed(from({ ipBlock: { cidr: '10.0.0.0/8' } }), all), 'ranges');
});
