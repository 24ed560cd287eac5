import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyToBoth,
  assertFirst,
  assertHealthy,
  broken,
  itemOf,
  resource,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const settingsOf = ({ installs }: SampleCluster) => {
  const { settings } = itemOf(installs);
  assert.ok(settings);
  return settings;
};

/** Gives the workloads of east identities in the trust domain east.example; west is in cluster.local. */
function eastInOwnDomain(sample: BrokenSample): void {
  const { snapshot, east } = sample;
  settingsOf(east).trustDomain = 'east.example';
  for (const { certificate } of east.proxies) {
    const leaf = itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === certificate[0]);
    leaf.uris = leaf.uris.map((uri) => uri.replace('cluster.local', 'east.example'));
  }
  setTrusts(east, ['east.example']);
}

/** Lets the clients of a cluster accept servers of these trust domains, as istiod does for its own domain and its aliases. */
function setTrusts({ proxies }: SampleCluster, domains: readonly string[]): void {
  for (const { upstreams } of proxies)
    for (const upstream of upstreams)
      upstream.trusts = upstream.trusts.flatMap((id) =>
        domains.map((domain) => id.replace(/^spiffe:\/\/[^/]+/, `spiffe://${domain}`)),
      );
}

/** Adds an alias to a cluster. Its clients accept it too. */
function addAlias(cluster: SampleCluster, alias: string): void {
  const settings = settingsOf(cluster);
  settings.trustDomainAliases.push(alias);
  setTrusts(cluster, [settings.trustDomain ?? 'cluster.local', alias]);
}

test('healthy: two trust domains with aliases in both directions', () => {
  assertHealthy(
    broken((sample) => {
      eastInOwnDomain(sample);
      addAlias(sample.west, 'east.example');
      addAlias(sample.east, 'cluster.local');
    }),
  );
});

test('broken: an alias of west does not help east', () => {
  const { finding } = assertFirst(
    (sample) => {
      eastInOwnDomain(sample);
      addAlias(sample.west, 'east.example');
    },
    { code: 'MP1201', severity: 'error', cluster: 'east', peer: 'west' },
  );
  assert.match(finding.cause, /calls from west to east and from east to west fail/);
  assert.match(finding.remedy, /"meshConfig.trustDomainAliases\[0\]=cluster.local"/);
});

test('broken: servers accept a trust domain of caCertificates, but clients do not', () => {
  const { finding } = assertFirst(
    (sample) => {
      eastInOwnDomain(sample);
      addAlias(sample.east, 'cluster.local');
      const federated = { roots: [], trustDomains: ['east.example'], bundleUrl: false };
      settingsOf(sample.west).caTrustDomains = [federated];
    },
    { code: 'MP1201', severity: 'error', cluster: 'west', peer: 'east' },
  );
  assert.match(finding.cause, /calls from west to east fail/);
  assert.doesNotMatch(finding.cause, /from east to west/);
});

test('broken later: the trust domain is set, an alias covers the old one, and pods were not restarted', () => {
  assertFirst(
    ({ east }) => {
      settingsOf(east).trustDomain = 'east.example';
      addAlias(east, 'cluster.local');
    },
    { code: 'MP1201', severity: 'warning', cluster: 'west', peer: 'east' },
  );
});

test('healthy: the trust domain is set, and every cluster has the old and the new one', () => {
  assertHealthy(
    broken(({ west, east }) => {
      settingsOf(east).trustDomain = 'east.example';
      addAlias(east, 'cluster.local');
      addAlias(west, 'east.example');
    }),
  );
});

test('healthy: a remote cluster has the trust domain and the aliases of its primary', () => {
  const codes = judge(
    broken(({ snapshot, west, east }) => {
      itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').role = 'remote';
      itemOf(west.istiods).connected.push(...itemOf(east.istiods).connected);
      east.installs = east.installs.map((one) => ({ ...one, istiod: false, env: {} }));
      Object.assign(east, { istiods: [], authorities: [] });
      // The ConfigMap of a remote cluster is read by the injector only.
      settingsOf(east).trustDomain = 'not.in.force';
    }),
  ).causes.map(({ finding }) => finding.code);
  assert.deepEqual(
    codes.filter((code) => code.startsWith('MP1')),
    [],
  );
});

test('broken: sidecars of a cluster have an old trust domain that every cluster rejects', () => {
  assertFirst(
    ({ snapshot, west }) => {
      const { certificate } = itemOf(west.proxies, ({ pod }) => pod.startsWith('catalog'));
      const leaf = itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === certificate[0]);
      leaf.uris = leaf.uris.map((uri) => uri.replace('cluster.local', 'old.example'));
    },
    { code: 'MP1205', severity: 'error', cluster: 'west' },
  );
});

test('a policy for a third trust domain stays a cause of its own if the trust domains differ', () => {
  const { causes } = judge(
    broken((sample) => {
      eastInOwnDomain(sample);
      applyToBoth(
        sample,
        resource('AuthorizationPolicy', 'callers', {
          selector: { matchLabels: { app: 'catalog' } },
          rules: [{ from: [{ source: { principals: ['third.example/ns/meshproof/sa/webapp'] } }] }],
        }),
      );
    }),
  );
  const codes = causes.map(({ finding }) => finding.code);
  assert.equal(codes[0], 'MP1201');
  assert.ok(codes.includes('MP1203'), codes.join());
});

test('a policy that names an alias of another cluster matches nothing, if no workload has that trust domain', () => {
  const policy = resource('AuthorizationPolicy', 'callers', {
    selector: { matchLabels: { app: 'catalog' } },
    rules: [{ from: [{ source: { principals: ['old.example/ns/meshproof/sa/webapp'] } }] }],
  });
  const found = judge(
    broken((sample) => {
      applyToBoth(sample, policy);
      addAlias(sample.west, 'old.example');
    }),
  ).causes.filter(({ finding }) => finding.code === 'MP1203');
  assert.deepEqual(
    found.map(({ finding }) => finding.cluster),
    ['east'],
  );
});
