import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterSnapshot } from '../../snapshot/schema.ts';
import { assertFirst, itemOf, type BrokenSample } from '../broken-sample.ts';
import { minorOf } from './versions.ts';

const upgraded =
  (version: string) =>
  ({ west }: Pick<BrokenSample, 'west'>) => {
    itemOf(west.installs).version = version;
    itemOf(west.istiods).version = version;
    for (const one of itemOf(west.istiods).connected) one.version = version;
  };

test('minor versions are read from tags and builds', () => {
  assert.deepEqual(['1.31.0', 'v1.36.3', '1.31-alpha.abc', 'latest', undefined].map(minorOf), [
    1031,
    1036,
    1031,
    undefined,
    undefined,
  ]);
});

test('versions of istiods, proxies, replicas and Kubernetes differ', () => {
  assertFirst(upgraded('1.30.2'), { code: 'MP7101', severity: 'warning', cluster: 'west', peer: 'east' });
  assertFirst(upgraded('1.28.2'), { code: 'MP7101', severity: 'error', cluster: 'west' });
  assertFirst(({ west }) => void (itemOf(itemOf(west.istiods).connected).version = '1.28.0'), {
    code: 'MP7102',
    severity: 'warning',
    cluster: 'west',
  });
  assertFirst(
    ({ west }) => void west.istiods.push({ ...itemOf(west.istiods), pod: 'istiod-2', version: '1.31.1' }),
    { code: 'MP7103', severity: 'info', cluster: 'west' },
  );
  assertFirst(({ west }) => void (west.apiServer!.version = 'v1.30.0'), {
    code: 'MP7104',
    severity: 'info',
    cluster: 'west',
  });
});

test('mesh IDs and settings of istiods differ', () => {
  assertFirst(({ east }) => void (itemOf(east.installs).meshId = 'other'), {
    code: 'MP7401',
    severity: 'warning',
    cluster: 'east',
  });
  assertFirst(({ east }) => void (itemOf(east.installs).env['PILOT_ENABLE_ALPN_FILTER'] = 'true'), {
    code: 'MP7402',
    severity: 'info',
    cluster: 'east',
  });
});

test('clocks differ by more than the error of the measurement', () => {
  const ahead =
    (ms: number, errorMs = 40) =>
    ({ east }: { east: ClusterSnapshot }) => {
      for (const clock of east.clocks) Object.assign(clock, { offsetMs: ms, errorMs });
    };
  assertFirst(ahead(90_000), { code: 'MP7301', severity: 'warning', cluster: 'east', peer: 'west' });
  assertFirst(ahead(-200_000), { code: 'MP7301', severity: 'error', cluster: 'east' });
  assertFirst(({ west }) => void (itemOf(west.clocks, ({ of }) => of === 'node').offsetMs = 300_000), {
    code: 'MP7302',
    severity: 'error',
    cluster: 'west',
  });
  assert.throws(() => assertFirst(ahead(90_000, 60_000), { code: 'MP7301' }), /the doctor found nothing/);
});
