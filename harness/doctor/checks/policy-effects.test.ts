import { test } from 'node:test';
import type { ResourceRecord } from '../../snapshot/schema.ts';
import {
  applyToBoth,
  assertFirst,
  assertNothingAboveInfo,
  itemOf,
  resource,
  type BrokenSample,
} from '../broken-sample.ts';

const selector = { matchLabels: { app: 'catalog' } };
const policy = (spec: Record<string, unknown>, name = 'catalog') =>
  resource('AuthorizationPolicy', name, { selector, ...spec });
const from = (source: object) => [{ from: [{ source }] }];
const peer = (spec: Record<string, unknown>, name = 'catalog', namespace = 'meshproof') =>
  resource('PeerAuthentication', name, spec, namespace);

const inEast =
  (one: ResourceRecord) =>
  ({ east }: BrokenSample): void =>
    void east.resources.push(one);

test('a policy in one cluster only that denies callers of the mesh: error', () => {
  const denying = [
    { action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] },
    { action: 'DENY', rules: from({ namespaces: ['meshproof'] }) },
    { action: 'DENY', rules: from({ principals: ['*/sa/webapp'] }) },
    { action: 'DENY', rules: from({ serviceAccounts: ['webapp'] }) },
    { action: 'DENY', rules: from({ notPrincipals: ['cluster.local/ns/meshproof/sa/orders'] }) },
    { action: 'DENY', rules: [{ when: [{ key: 'source.namespace', values: ['mesh*'] }] }] },
    { action: 'ALLOW' },
    { action: 'ALLOW', rules: from({ namespaces: ['other'] }) },
    { rules: from({ principals: ['cluster.local/ns/meshproof/sa/retired'] }) },
  ];
  for (const spec of denying)
    assertFirst(inEast(policy(spec)), { code: 'MP5102', severity: 'error', cluster: 'west', peer: 'east' });
});

test('a policy in one cluster only that need not deny callers of the mesh: warning', () => {
  const open = [
    { action: 'DENY', rules: from({ namespaces: ['other'] }) },
    { action: 'DENY', rules: [{ to: [{ operation: { paths: ['hash:0011'] } }] }] },
    { action: 'ALLOW', rules: from({ principals: ['*'] }) },
    { action: 'ALLOW', rules: from({ ipBlocks: ['10.0.0.0/8'] }) },
  ];
  for (const spec of open) assertFirst(inEast(policy(spec)), { code: 'MP5102', severity: 'warning' });
});

test('an unknown account does not come before a policy in one cluster only', () => {
  const rules = from({ principals: ['cluster.local/ns/meshproof/sa/retired'] });
  assertFirst(inEast(policy({ action: 'DENY', rules })), {
    code: 'MP5102',
    cluster: 'west',
    symptoms: ['MP1204'],
  });
});

test('policies that do the same in both clusters: healthy', () => {
  const deny = { action: 'DENY', rules: from({ namespaces: ['other'] }) };
  assertNothingAboveInfo(
    ({ west, east }) =>
      void (west.resources.push(policy(deny)), east.resources.push(policy(deny, 'renamed'))),
  );
  assertNothingAboveInfo(inEast(peer({ selector, mtls: { mode: 'PERMISSIVE' } })));
  assertNothingAboveInfo(inEast(peer({ selector, mtls: { mode: 'UNSET' } })));
  assertNothingAboveInfo(
    inEast(policy({ targetRefs: [{ kind: 'Gateway', name: 'ingress' }], selector: {} })),
  );
  assertNothingAboveInfo(({ east }) =>
    Object.assign(itemOf(east.installs).settings!, { minTlsVersion: 'TLSV1_2', pathNormalization: 'BASE' }),
  );
});

const open8080 = { portLevelMtls: { 8080: { mode: 'DISABLE' } } };

test('mutual TLS is off for the ports that other networks call: broken', () => {
  const all = { 8080: { mode: 'DISABLE' }, 9000: { mode: 'DISABLE' } };
  const strict = { selector, mtls: { mode: 'STRICT' } };
  assertFirst((sample) => applyToBoth(sample, peer({ ...strict, portLevelMtls: all })), {
    code: 'MP5202',
    severity: 'error',
  });
  // The other port of the service can still be called.
  assertFirst((sample) => applyToBoth(sample, peer({ ...strict, ...open8080 })), {
    code: 'MP5202',
    severity: 'warning',
  });
});

test('mutual TLS is off in the cluster of the pods, or of the callers, alone: broken', () => {
  const off = peer({ selector: { matchLabels: { app: 'inventory' } }, mtls: { mode: 'DISABLE' } });
  assertFirst(({ west }) => void west.resources.push(off), {
    code: 'MP5202',
    severity: 'error',
    cluster: 'west',
  });
  assertFirst(inEast(off), { code: 'MP5202', severity: 'error', cluster: 'east' });
});

test('policies that do not turn off mutual TLS for a called port: healthy', () => {
  const unset = { selector, mtls: { mode: 'UNSET' }, portLevelMtls: { 8080: { mode: 'UNSET' } } };
  const healthy = [
    [peer({ selector, portLevelMtls: { 15020: { mode: 'DISABLE' } } })],
    // A policy for pods in the root namespace does not apply to other namespaces.
    [peer({ selector, mtls: { mode: 'DISABLE' } }, 'catalog', 'istio-system')],
    // Modes by port need a selector.
    [peer(open8080)],
    // A mode that is not set is that of the namespace.
    [
      peer({ mtls: { mode: 'DISABLE' } }, 'mesh', 'istio-system'),
      peer({ mtls: { mode: 'STRICT' } }, 'all'),
      peer(unset),
    ],
    // The oldest of two policies for the same pods counts.
    [
      { ...peer({ selector, mtls: { mode: 'DISABLE' } }, 'newer'), createdAt: '2026-11-02T00:00:00.000Z' },
      peer({ selector, mtls: { mode: 'STRICT' } }, 'older'),
    ],
  ];
  for (const resources of healthy)
    assertNothingAboveInfo((sample) => {
      for (const one of resources) applyToBoth(sample, one);
    });
});
