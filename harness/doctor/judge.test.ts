import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import { snapshotSchema, type Snapshot } from '../snapshot/schema.ts';
import { broken, resource, itemOf } from './broken-sample.ts';
import type { Check, Sighting } from './check.ts';
import { diagnosisSchema } from './finding.ts';
import { judge } from './judge.ts';

type Node = Record<string, unknown> | unknown[];
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Every list and table in a value, with the value itself. */
function nodesOf(value: unknown): Node[] {
  return isNode(value) ? [value, ...Object.values(value).flatMap(nodesOf)] : [];
}

const strange = fc.oneof(
  fc.constantFrom(
    '',
    '*',
    '*.local',
    'catalog',
    'https://',
    'https://127.0.0.1:1',
    'not a date',
    '1.31.0',
    '__proto__',
    'constructor',
  ),
  fc.integer(),
  fc.constant(undefined),
  fc.boolean(),
);

/** A change at one place of a snapshot: the value is removed, doubled, moved, or replaced by a strange value. */
const mutation = fc.record({
  node: fc.nat(),
  key: fc.nat(),
  how: fc.constantFrom('remove', 'double', 'move', 'replace' as const),
  value: strange,
});

function mutate(
  snapshot: Snapshot,
  { node, key, how, value }: { node: number; key: number; how: string; value: unknown },
): void {
  const nodes = nodesOf(snapshot);
  const target = nodes[node % nodes.length] as Node;
  const keys = Object.keys(target);
  const at = keys[key % Math.max(1, keys.length)];
  if (at === undefined) return;
  const table = target as Record<string, unknown>;
  if (Array.isArray(target)) {
    if (how === 'remove') target.splice(Number(at), 1);
    else if (how === 'double') target.push(structuredClone(target[Number(at)]));
    else if (how === 'move') target.reverse();
    else target[Number(at)] = value;
  } else if (how === 'remove') delete table[at];
  else table[at] = how === 'replace' ? value : table[keys[(key + 1) % keys.length] ?? at];
}

const rules = [
  resource('DestinationRule', 'x', {
    host: 'catalog',
    trafficPolicy: {
      tls: { mode: 'DISABLE' },
      outlierDetection: {},
      loadBalancer: {
        localityLbSetting: {
          failover: [{ from: 'a', to: 'b' }],
          distribute: [{ from: '*', to: { '*': 1 } }],
        },
      },
    },
    subsets: [{ name: 'v1', labels: { app: 'catalog' } }],
  }),
  resource('AuthorizationPolicy', 'x', { rules: [{ from: [{ source: { principals: ['a/ns/b/sa/c'] } }] }] }),
  resource('PeerAuthentication', 'x', { mtls: { mode: 'DISABLE' } }),
  resource('VirtualService', 'x', { http: [{ route: [{ destination: { host: 'x' } }] }] }),
  resource('NetworkPolicy', 'x', { podSelector: {}, ingress: [{ ports: [{ port: 1 }] }] }, 'istio-system'),
];

test('every snapshot that fits the schema is judged without a crash, and with the same result each time', () => {
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 25 }), (mutations) => {
      const snapshot = sampleSnapshot();
      for (const cluster of snapshot.clusters) cluster.resources.push(...structuredClone(rules));
      for (const one of mutations) mutate(snapshot, one);
      const parsed = snapshotSchema.safeParse(snapshot);
      if (!parsed.success) return;
      const diagnosis = judge(parsed.data);
      diagnosisSchema.parse(diagnosis);
      assert.deepEqual(judge(parsed.data), diagnosis);
    }),
    { numRuns: 150 },
  );
});

test('specs of any shape are judged', () => {
  const kinds = [
    'DestinationRule',
    'AuthorizationPolicy',
    'PeerAuthentication',
    'VirtualService',
    'Gateway',
    'ServiceEntry',
    'NetworkPolicy',
    'Sidecar',
  ];
  const fields = fc.constantFrom(
    'host',
    'hosts',
    'rules',
    'from',
    'source',
    'principals',
    'selector',
    'matchLabels',
    'mtls',
    'mode',
    'tls',
    'trafficPolicy',
    'servers',
    'port',
    'number',
    'subsets',
    'labels',
    'http',
    'route',
    'destination',
    'loadBalancer',
    'localityLbSetting',
    'failover',
    'distribute',
    'to',
    'outlierDetection',
    'podSelector',
    'ingress',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      strange,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(fields, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.dictionary(fields, tree, { maxKeys: 6 }), (kind, spec) => {
      judge(broken(({ west }) => void west.resources.push(resource(kind, 'any', spec))));
    }),
    { numRuns: 150 },
  );
});

const deletesPods = {
  namespaces: ['default'],
  verbs: ['delete'],
  apiGroups: [''],
  resources: ['pods'],
};

test('two defects at the same time are both found', () => {
  const defects: Record<string, Parameters<typeof broken>[0]> = {
    MP1104: ({ snapshot }) =>
      void Object.assign(
        itemOf(snapshot.certificates, ({ subject }) => subject === 'O=meshproof, CN=meshproof west'),
        { notBefore: '2025-11-11T00:00:00Z', notAfter: '2026-11-11T00:00:00Z' },
      ),
    MP2104: ({ west }) => void (itemOf(west.remoteSecrets).labelled = false),
    MP2112: ({ east }) => void itemOf(east.readerAccess).rules?.push(deletesPods),
    MP3202: ({ east }) =>
      void delete itemOf(east.services, ({ name }) => name === 'istio-eastwestgateway').labels[
        'topology.istio.io/network'
      ],
    MP3302: ({ west }) =>
      void (itemOf(west.resources, ({ name }) => name === 'cross-network-gateway').spec['servers'] = [
        { port: { number: 15443, protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' }, hosts: ['*.local'] },
      ]),
    MP4101: ({ west }) => void (itemOf(west.nodes).region = ''),
    MP5101: ({ west }) =>
      void west.resources.push(resource('PeerAuthentication', 'default', { mtls: { mode: 'STRICT' } })),
    MP6101: ({ east }) =>
      void delete itemOf(east.namespaces, ({ name }) => name === 'meshproof').labels['istio-injection'],
    MP6201: ({ west }) => void (west.services = west.services.filter(({ name }) => name !== 'inventory')),
    MP7401: ({ east }) => void (itemOf(east.installs).meshId = 'other'),
  };
  const codes = Object.keys(defects);
  for (const [index, a] of codes.entries())
    for (const b of codes.slice(index + 1)) {
      const { causes } = judge(
        broken((sample) => {
          defects[a]?.(sample);
          defects[b]?.(sample);
        }),
      );
      const codesFound = causes.map(({ finding }) => finding.code);
      assert.ok(codesFound.includes(a) && codesFound.includes(b), `${a} and ${b}: ${codesFound.join(', ')}`);
    }
});

test('a remedy has the names in its finding, and a context for each cluster', () => {
  const remedyOf = (remedy: string, sighting: Partial<Sighting>) => {
    const snapshot = sampleSnapshot();
    for (const one of snapshot.declared.clusters) one.context = `kind-${one.name}`;
    const check: Check = {
      ...{ code: 'MP6201', title: '', severity: 'error', explanation: '', reference: '', needs: [], remedy },
      run: () => [{ cluster: 'west', peer: 'east', evidence: [], cause: 'It fails.', ...sighting }],
    };
    return judge(snapshot, [check]).causes[0]?.finding.remedy;
  };
  const all = '--context <cluster> <peer> -n <namespace> <name> <pod> <node> <address>:<port> <label>';
  const cases: [object: string, remedy: string][] = [
    ['Pod a/b', '--context kind-west east -n a b b <node> <address>:<port> <label>'],
    ['Namespace a', '--context kind-west east -n a a <pod> <node> <address>:<port> <label>'],
    ['Node a', '--context kind-west east -n <namespace> a <pod> a <address>:<port> <label>'],
    ['1.2.3.4:15443', '--context kind-west east -n meshproof <name> catalog-1 <node> 1.2.3.4:15443 <label>'],
    [
      'API server',
      '--context kind-west east -n <namespace> <name> <pod> meshproof-lab-west-control-plane <address>:<port> <label>',
    ],
  ];
  for (const [object, remedy] of cases) assert.equal(remedyOf(all, { object }), remedy);
  assert.equal(remedyOf('get <name> <peer>', { object: 'Pod a/$(x)', peer: 'a;b' }), 'get <name> <peer>');
});

test('a missing part of the snapshot is unknown and does not prove an absence', () => {
  const snapshot = broken(({ west }) => {
    west.remoteSecrets = [];
    west.missing = [{ what: 'remoteSecrets', reason: 'forbidden', why: 'secrets is forbidden' }];
  });
  const { causes, unknown } = judge(snapshot);
  assert.deepEqual(causes, []);
  assert.deepEqual(
    unknown.map(({ cluster, what }) => [cluster, what]),
    [['west', 'remoteSecrets']],
  );
  assert.ok(unknown[0]?.checks.includes('MP2101'));
});

test('a cluster that does not answer is one unknown part', () => {
  const snapshot = broken(({ east }) => {
    const missing = [{ what: 'pods', reason: 'unreachable', why: 'connect ECONNREFUSED' }] as const;
    Object.assign(east, { reachable: false, unreachable: 'connect ECONNREFUSED', missing });
  });
  const { causes, unknown } = judge(snapshot);
  assert.deepEqual(
    unknown.map(({ what }) => what),
    ['the whole cluster'],
  );
  assert.deepEqual(
    causes.map(({ finding }) => finding.code),
    ['MP2301'],
  );
});

test('a diagnosis has at most 100 findings of one code, and the number of the rest', () => {
  const snapshot = broken(({ west }) => {
    for (let i = 0; i < 150; i++)
      west.resources.push(
        resource('DestinationRule', `rule-${i}`, {
          host: 'catalog',
          trafficPolicy: { tls: { mode: 'DISABLE' } },
        }),
      );
  });
  assert.deepEqual(
    judge(snapshot).elided.find(({ code }) => code === 'MP3601'),
    { code: 'MP3601', more: 50 },
  );
});

test('of more than 100 findings of one code, the gravest are kept', () => {
  const check: Check = {
    ...{ code: 'MP6201', title: '', severity: 'info', explanation: '', remedy: '', reference: '', needs: [] },
    run: function* () {
      for (let i = 0; i < 150; i++) yield { subject: `some/${i}`, evidence: [], cause: `${i}.` };
      yield { severity: 'error', evidence: [], cause: 'The gravest.' };
    },
  };
  const { causes, counts, elided } = judge(sampleSnapshot(), [check]);
  assert.deepEqual(counts, { error: 1, warning: 0, info: 99 });
  assert.deepEqual(
    causes.slice(0, 2).map(({ finding }) => finding.cause),
    ['The gravest.', '0.'],
  );
  assert.deepEqual(elided, [{ code: 'MP6201', more: 51 }]);
});
