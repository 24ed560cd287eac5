import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterSnapshot } from '../../snapshot/schema.ts';
import { assertFirst, broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';

const secret = (cluster: ClusterSnapshot) => itemOf(cluster.remoteSecrets);
const access = (cluster: ClusterSnapshot) => itemOf(cluster.readerAccess);

/** Changes the pages of istiod of west as if it does not read east. */
function unread({ west }: BrokenSample): void {
  for (const istiod of west.istiods) {
    istiod.clusters = istiod.clusters.filter(({ id }) => id === 'west');
    istiod.shards = istiod.shards.filter(({ cluster }) => cluster === 'west');
    istiod.networks = istiod.networks.filter(({ cluster }) => cluster === 'west');
  }
}
const symptoms = ['MP2202', 'MP2204', 'MP3501'];
const direction = { severity: 'error', cluster: 'west', peer: 'east', symptoms } as const;

/** Breaks the path from west to east, with all consequences. */
const cut = (breakIt: (sample: BrokenSample) => void) => (sample: BrokenSample) => {
  unread(sample);
  breakIt(sample);
};

test('a remote secret is missing in one direction', () => {
  assertFirst(
    cut(({ west }) => void (west.remoteSecrets = [])),
    { code: 'MP2101', ...direction },
  );
});

test('a remote secret in a wrong namespace, without its label, or with another name', () => {
  assertFirst(
    cut(({ west }) => void (secret(west).namespace = 'default')),
    { code: 'MP2103', ...direction },
  );
  assertFirst(
    cut(({ west }) => void (secret(west).labelled = false)),
    { code: 'MP2104', ...direction },
  );
  assertFirst(
    cut(({ west }) => void (secret(west).cluster = 'east-1')),
    { code: 'MP2105', ...direction },
  );
});

test('a server that is a loopback address, is unreachable, or has another authority', () => {
  assertFirst(
    cut(({ west }) => void (secret(west).server = 'https://127.0.0.1:41234')),
    { code: 'MP2106', ...direction },
  );
  assertFirst(
    cut(({ west }) => {
      secret(west).server = 'https://192.0.2.7:6443';
      const probe = itemOf(west.probes, ({ target }) => target === 'apiServer');
      Object.assign(probe, { address: '192.0.2.7', tcp: 'timeout', tls: 'notTried' });
    }),
    { code: 'MP2107', ...direction, symptoms: [...symptoms, 'MP3404'] },
  );
  assertFirst(
    cut(({ west }) => void (access(west).namedServer = 'notTrusted')),
    { code: 'MP2108', ...direction },
  );
});

test('a token that is invalid or expires soon', () => {
  assertFirst(
    cut(({ west }) => void (access(west).status = 401)),
    { code: 'MP2109', ...direction },
  );
  const token = (expiresAt: string) => ({ audiences: [], issuedAt: '2026-10-01T00:00:00Z', expiresAt });
  assertFirst(({ west }) => void (secret(west).token = token('2026-10-31T00:00:00Z')), {
    code: 'MP2109',
    severity: 'error',
    cluster: 'west',
  });
  assertFirst(({ east }) => void (secret(east).token = token('2026-11-04T00:00:00Z')), {
    code: 'MP2110',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
  });
});

test('an account with too few or too many permissions', () => {
  assertFirst(({ west }) => void (access(west).may['list endpointslices'] = false), {
    code: 'MP2111',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
  const [verbs, apiGroups, resources] = [['get', 'delete'], [''], ['pods']];
  const rule = { namespaces: ['default'], verbs, apiGroups, resources };
  assertFirst(({ west }) => void access(west).rules?.push(rule), {
    code: 'MP2112',
    severity: 'warning',
    cluster: 'west',
    peer: 'east',
  });
});

test('a snapshot of an earlier version has the rights beyond reading instead of the rules', () => {
  assertFirst(
    ({ west }) => {
      delete access(west).rules;
      access(west).excess = ['delete pods'];
    },
    { code: 'MP2112', severity: 'warning', cluster: 'west', peer: 'east' },
  );
});

test('two clusters with one name; a name that the mesh file does not have', () => {
  assertFirst(({ east }) => void (itemOf(east.installs).clusterName = 'west'), {
    code: 'MP2113',
    severity: 'error',
    cluster: 'east',
    peer: 'west',
    symptoms: ['MP2119'],
  });
  // istiod of east then treats its own pods as pods of west, and assigns them to its own network.
  assertFirst(
    ({ east }) => {
      itemOf(east.installs).clusterName = 'west';
      for (const { shards } of east.istiods)
        for (const shard of shards) if (shard.cluster === 'west') shard.networks = ['east-net'];
    },
    { code: 'MP2113', cluster: 'east', symptoms: ['MP2119', 'MP3506'] },
  );
  assertFirst(({ east }) => void (itemOf(east.installs).clusterName = 'east-1'), {
    code: 'MP2119',
    severity: 'warning',
    cluster: 'east',
  });
});

test('two secrets for one cluster, a secret for itself, and a secret for an unknown cluster', () => {
  assertFirst(({ west }) => void west.remoteSecrets.push({ ...secret(west), name: 'old' }), {
    code: 'MP2114',
    severity: 'warning',
    cluster: 'west',
    peer: 'east',
  });
  assertFirst(
    ({ west }) =>
      void west.remoteSecrets.push({
        ...secret(west),
        name: 'self',
        cluster: 'west',
        server: 'https://172.30.0.2:6443',
      }),
    { code: 'MP2115', severity: 'warning', cluster: 'west' },
  );
  assertFirst(
    ({ west }) =>
      void west.remoteSecrets.push({
        ...secret(west),
        name: 'far',
        cluster: 'north',
        server: 'https://192.0.2.1:6443',
      }),
    { code: 'MP2116', severity: 'info', cluster: 'west' },
  );
});

test('a secret that is not a kubeconfig, needs a plug-in, or does not verify', () => {
  assertFirst(
    cut(({ west }) => void (secret(west).problem = 'it is not YAML')),
    { code: 'MP2117', ...direction },
  );
  assertFirst(({ west }) => void (secret(west).credential = 'exec'), {
    code: 'MP2117',
    severity: 'error',
    cluster: 'west',
  });
  const naming =
    (files: string[], allowed: string) =>
    ({ west }: BrokenSample) => {
      Object.assign(secret(west), { credential: 'none', files });
      itemOf(west.installs).env['PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS'] = allowed;
    };
  assertFirst(naming(['tokenFile'], 'exec'), { code: 'MP2117', cluster: 'west' });
  assert.equal(judge(broken(naming(['tokenFile'], 'exec,tokenFile'))).counts.error, 0);
  assertFirst(({ west }) => void (secret(west).skipsVerification = true), {
    code: 'MP2118',
    severity: 'warning',
    cluster: 'west',
  });
});

test('discovery selectors hide the gateway or workloads', () => {
  const select = (label: string) => [{ matchLabels: { [label]: 'on' }, matchExpressions: [] }];
  const mark = ({ east }: BrokenSample, names: string[]) => {
    for (const one of east.namespaces) if (names.includes(one.name)) one.labels['mesh'] = 'on';
    itemOf(east.installs).settings!.discoverySelectors = select('mesh');
  };
  assertFirst((sample) => mark(sample, ['meshproof']), {
    code: 'MP2501',
    severity: 'error',
    cluster: 'east',
  });
  assertFirst((sample) => mark(sample, ['istio-system']), {
    code: 'MP2502',
    severity: 'error',
    cluster: 'east',
  });
});

test('discovery selectors also hide namespaces of other clusters: a symptom', () => {
  const select = ({ east }: BrokenSample, namespace: string) => {
    const matchLabels = { 'kubernetes.io/metadata.name': namespace };
    for (const one of east.namespaces) one.labels['kubernetes.io/metadata.name'] = one.name;
    itemOf(east.installs).settings!.discoverySelectors = [{ matchLabels, matchExpressions: [] }];
  };
  assertFirst(
    (sample) => {
      select(sample, 'meshproof');
      for (const istiod of sample.east.istiods) istiod.networks = [];
      itemOf(sample.west.probes, ({ target }) => target === 'eastWestGateway').tcp = 'refused';
    },
    { code: 'MP2501', cluster: 'east', symptoms: ['MP3401', 'MP3501'] },
  );
  assertFirst(
    (sample) => {
      select(sample, 'istio-system');
      for (const istiod of sample.east.istiods) istiod.shards = [];
      Object.assign(
        itemOf(sample.west.probes, ({ target }) => target === 'eastWestGateway'),
        { tls: 'reset', chain: [] },
      );
    },
    { code: 'MP2502', cluster: 'east', symptoms: ['MP2204', 'MP3402'] },
  );
});

test('an API server is unknown, not unreachable, if meshproof had no credential for it', () => {
  const snapshot = broken(({ east }) => {
    const lists = Object.entries(east).filter(([, value]) => Array.isArray(value));
    Object.assign(east, Object.fromEntries(lists.map(([key]) => [key, []])));
    const why = 'no credential from aws within 4000 ms';
    Object.assign(east, { reachable: false, unreachable: why });
    east.missing.push({ what: 'pods', reason: 'noWay', why });
  });
  const { causes, unknown } = judge(snapshot);
  assert.deepEqual(causes, []);
  assert.equal(unknown[0]?.what, 'the whole cluster');
});

test('an API server does not answer: the other clusters are judged, and consequences are folded', () => {
  assertFirst(
    (sample) => {
      const { east, west } = sample;
      const { name } = east;
      const empty = Object.fromEntries(
        Object.entries(east).map(([key, value]) => [key, Array.isArray(value) ? [] : value]),
      );
      Object.assign(east, empty, { name, reachable: false, unreachable: 'connect ECONNREFUSED' });
      itemOf(itemOf(west.istiods).clusters, ({ id }) => id === 'east').syncStatus = 'timeout';
    },
    { code: 'MP2301', severity: 'error', cluster: 'east', symptoms: ['MP2202'] },
  );
});

test('healthy: discovery selectors do not select istio-system, which has neither a gateway nor rules', () => {
  const { causes } = judge(
    broken(({ east }) => {
      const matchLabels = { mesh: 'on' };
      itemOf(east.installs).settings!.discoverySelectors = [{ matchLabels, matchExpressions: [] }];
      east.namespaces.push({ name: 'ingress', labels: { mesh: 'on' }, terminating: false });
      itemOf(east.namespaces, ({ name }) => name === 'meshproof').labels['mesh'] = 'on';
      for (const part of [east.services, east.pods, east.resources, east.workloads])
        for (const one of part)
          if (one.namespace === 'istio-system' && !one.name.startsWith('istiod')) one.namespace = 'ingress';
    }),
  );
  assert.ok(!causes.some(({ finding }) => finding.code === 'MP2501'));
});
