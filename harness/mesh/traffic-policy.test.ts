import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routePolicyOf, trafficPolicyOf } from './traffic-policy.ts';

const rule = (policy: string) =>
  `apiVersion: v1\nkind: Service\n---\nkind: DestinationRule\nspec:\n  host: catalog\n  trafficPolicy: ${policy}\n`;

test('what a DestinationRule says, in milliseconds', () => {
  const outlier =
    '{ consecutive5xxErrors: 1, interval: 500ms, baseEjectionTime: 1m30s, maxEjectionPercent: 100 }';
  const pool = '{ tcp: { connectTimeout: 1s } }';
  assert.deepEqual(trafficPolicyOf(rule(`{ outlierDetection: ${outlier}, connectionPool: ${pool} }`)), {
    connectTimeoutMs: 1000,
    outlierDetection: {
      consecutive5xxErrors: 1,
      intervalMs: 500,
      baseEjectionTimeMs: 90_000,
      maxEjectionPercent: 100,
    },
  });
});

test('a setting that it does not have is absent', () => {
  assert.deepEqual(trafficPolicyOf(rule('{ outlierDetection: {} }')), { outlierDetection: {} });
  assert.deepEqual(trafficPolicyOf(rule('{}')), {});
});

test('a duration of another form and a missing rule are errors', () => {
  assert.throws(
    () => trafficPolicyOf(rule('{ outlierDetection: { interval: 1 second } }')),
    /not a duration/,
  );
  assert.throws(() => trafficPolicyOf('kind: Service'), /has 0 DestinationRules/);
});

test('a route’s timeout and retries are read in milliseconds', () => {
  const manifest = `
kind: VirtualService
spec:
  http:
    - timeout: 1s
      retries: { attempts: 1, perTryTimeout: 250ms, retryOn: reset }
      route: [{ destination: { host: catalog } }]
`;
  assert.deepEqual(routePolicyOf(manifest), { timeoutMs: 1000, attempts: 1, perTryTimeoutMs: 250 });
  assert.throws(
    () => routePolicyOf('kind: DestinationRule'),
    /has 0 VirtualServices, where one was expected/,
  );
});
