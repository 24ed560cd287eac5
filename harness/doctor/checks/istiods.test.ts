import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IstiodRecord } from '../../snapshot/schema.ts';
import { assertFirst, broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';

test('replicas of istiod differ', () => {
  assertFirst(
    ({ west }) => {
      const other = structuredClone(itemOf(west.istiods));
      other.pod = 'istiod-2';
      other.networks = other.networks.filter(({ cluster }) => cluster === 'west');
      west.istiods.push(other);
      itemOf(other.clusters, ({ id }) => id === 'east').syncStatus = 'synced';
    },
    { code: 'MP2201', severity: 'error', cluster: 'west' },
  );
});

test('a page of istiod that was not read is unknown, and other replicas are judged', () => {
  const why = 'GET /debug/… failed: 500';
  const unreadPage =
    (...pages: ('clusters' | 'networks' | 'shards' | 'held' | 'connected')[]) =>
    ({ west }: BrokenSample) => {
      for (const page of pages) delete (itemOf(west.istiods) as Partial<IstiodRecord>)[page];
      west.missing.push({ what: 'istiods', of: 'istio-system/istiod-1', reason: 'failed', why });
    };
  for (const sample of [
    unreadPage('clusters'),
    unreadPage('networks'),
    unreadPage('shards', 'held'),
    unreadPage('connected'),
    unreadPage('clusters', 'networks', 'shards', 'held', 'connected'),
  ]) {
    const { causes, unknown } = judge(broken(sample));
    assert.deepEqual(causes, []);
    assert.ok(['MP2201', 'MP2202', 'MP3501'].every((code) => unknown[0]?.checks.includes(code)));
  }
  const two = (sample: BrokenSample) => {
    sample.west.istiods.push({ ...structuredClone(itemOf(sample.west.istiods)), pod: 'istiod-2' });
    unreadPage('networks')(sample);
  };
  assert.deepEqual(judge(broken(two)).causes, []);
  assertFirst(
    (sample) => {
      two(sample);
      sample.west.istiods[1]!.networks = [];
    },
    { code: 'MP3501', cluster: 'west', peer: 'east' },
  );
});

test('if a limit cut endpoints, the recorded endpoints are judged', () => {
  const cut = ({ west, east }: BrokenSample) => {
    for (const cluster of [west, east]) {
      const istiod = itemOf(cluster.istiods);
      istiod.shards = istiod.shards.filter(({ host }) => host.startsWith('catalog.'));
      const of = `${istiod.namespace}/${istiod.pod}`;
      cluster.missing.push({ what: 'istiods', of, reason: 'limit', why: '2 of 9 shards are kept' });
    }
  };
  const kept = (sample: BrokenSample) => {
    cut(sample);
    return itemOf(itemOf(sample.west.istiods).shards, ({ cluster }) => cluster === 'east');
  };
  assert.deepEqual(judge(broken(cut)).causes, []);
  assertFirst((sample) => void kept(sample).addresses.pop(), {
    code: 'MP2204',
    cluster: 'west',
    peer: 'east',
  });
  assertFirst((sample) => void kept(sample).addresses.push('10.244.9.9'), {
    ...{ code: 'MP2203', cluster: 'west', peer: 'east' },
  });
  // The endpoint may be among the endpoints of the other istiod that were cut.
  assert.deepEqual(
    judge(
      broken((sample) => {
        kept(sample).addresses.push('10.244.9.9');
        itemOf(sample.east.istiods).shards = [];
      }),
    ).causes,
    [],
  );
  assertFirst(
    (sample) => {
      cut(sample);
      itemOf(sample.west.istiods).connected.pop();
    },
    { code: 'MP2208', cluster: 'west' },
  );
});

test('a cluster is not synced for an unknown reason', () => {
  assertFirst(
    ({ west }) =>
      void (itemOf(itemOf(west.istiods).clusters, ({ id }) => id === 'east').syncStatus = 'timeout'),
    { code: 'MP2202', severity: 'error', cluster: 'west', peer: 'east' },
  );
});

test('endpoints that are stale or missing', () => {
  const shard = ({ west }: BrokenSample) =>
    itemOf(
      itemOf(west.istiods).shards,
      ({ cluster, host }) => cluster === 'east' && host.startsWith('catalog.'),
    );
  assertFirst((sample) => void shard(sample).addresses.push('10.244.9.9'), {
    code: 'MP2203',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
  assertFirst((sample) => void shard(sample).addresses.pop(), {
    code: 'MP2204',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
});

test('an istiod is not ready; proxies are not connected or have old configuration', () => {
  assertFirst(
    ({ west }) => {
      itemOf(west.pods, ({ labels }) => labels['app'] === 'istiod').ready = false;
      west.istiods = [];
    },
    { code: 'MP2206', severity: 'error', cluster: 'west' },
  );
  const connected = ({ west }: BrokenSample) => itemOf(west.istiods).connected;
  assertFirst((sample) => void connected(sample).pop(), {
    code: 'MP2208',
    severity: 'warning',
    cluster: 'west',
  });
  assertFirst((sample) => void itemOf(connected(sample)).rejected.push('CDS: no such filter'), {
    code: 'MP2205',
    severity: 'warning',
    cluster: 'west',
  });
  assertFirst(
    (sample) => void Object.assign(itemOf(connected(sample)), { stale: ['EDS'], oldestStaleMs: 60_000 }),
    { code: 'MP2205', severity: 'warning' },
  );
});

test('all pods of a service are unready in one cluster', () => {
  assertFirst(
    ({ west }) => {
      for (const pod of west.pods) if (pod.labels['app'] === 'catalog') pod.ready = false;
    },
    { code: 'MP2209', severity: 'warning', cluster: 'west' },
  );
});
