import assert from 'node:assert/strict';
import test from 'node:test';
import { linesOf, unusual, usualOf } from './istioctl-words.ts';

test('names of pods, ages, times, colours and widths of columns are not differences', () => {
  const before = [
    'NAME                                  CLUSTER  ISTIOD                   AGE   SUBSCRIBED',
    'catalog-b5c6f9-x2x9z.meshproof        west     istiod-6d5f8c7b9d-4xk2p  12s   SYNCED (3m2s)',
    '\u001B[33mWarning\u001B[0m [IST0103] (Pod meshproof/probe-7d4b9c8f6d-bxcdk) 2026-11-24T03:03:04.123Z',
  ].join('\n');
  const after = [
    'Warning [IST0103] (Pod meshproof/probe-5f6b7c8d9f-zzzzz) 2026-11-24T04:03:04Z',
    'NAME  CLUSTER  ISTIOD   AGE   SUBSCRIBED',
    'catalog-d8c6f9-k5l9z.meshproof west istiod-7f8b6d5c4d-9mmtk 1h2m SYNCED (41.5s)',
    '',
  ].join('\r\n');
  assert.deepEqual(linesOf(before), linesOf(after));
});

test('the order of a list from a map, and the cluster that analyze names, are not differences', () => {
  assert.deepEqual(
    linesOf('Warning [IST0170] [cluster-default] (Service a/b) inconsistent'),
    linesOf('Warning [IST0170] [cluster-kind-west] (Service a/b) inconsistent'),
  );
  assert.deepEqual(
    linesOf('inconsistent across clusters ["west" "east"].'),
    linesOf('inconsistent across clusters ["east" "west"].'),
  );
});

test('a problem remains a difference', () => {
  const lines = linesOf(
    'catalog.meshproof  west  STALE\nIST0101 Host not found: "payments"\n15443 port-15443 10.1.2.3',
  );
  assert.deepEqual(lines, [
    '15443 port-15443 10.1.2.3',
    'IST0101 Host not found: "payments"',
    'catalog.meshproof west STALE',
  ]);
});

test('only a line of no healthy round is new, and only a line of each healthy round can be missing', () => {
  const usual = usualOf([
    ['a', 'b', 'flickers'],
    ['a', 'b'],
  ]);
  assert.deepEqual(unusual(usual, ['a', 'b']), { says: [], saysNoMore: [] });
  assert.deepEqual(unusual(usual, ['a', 'flickers', 'new']), { says: ['new'], saysNoMore: ['b'] });
});
