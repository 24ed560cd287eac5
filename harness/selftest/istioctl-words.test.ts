import assert from 'node:assert/strict';
import test from 'node:test';
import { linesOf, unusual, usualOf } from './istioctl-words.ts';

test('names of pods, ages, times, colours and widths of columns are no difference', () => {
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

test('a list that comes from a map has no order, and what holds of two clusters is said of either', () => {
  assert.deepEqual(
    linesOf('Warning [IST0170] [cluster-default] (Service a/b) inconsistent'),
    linesOf('Warning [IST0170] [cluster-kind-west] (Service a/b) inconsistent'),
  );
  assert.deepEqual(
    linesOf('inconsistent across clusters ["west" "east"].'),
    linesOf('inconsistent across clusters ["east" "west"].'),
  );
});

test('what is wrong stays a difference', () => {
  const lines = linesOf(
    'catalog.meshproof  west  STALE\nIST0101 Host not found: "payments"\n15443 port-15443 10.1.2.3',
  );
  assert.deepEqual(lines, [
    '15443 port-15443 10.1.2.3',
    'IST0101 Host not found: "payments"',
    'catalog.meshproof west STALE',
  ]);
});

test('only what no round of the healthy mesh says is new, and only what each says can be missing', () => {
  const usual = usualOf([
    ['a', 'b', 'flickers'],
    ['a', 'b'],
  ]);
  assert.deepEqual(unusual(usual, ['a', 'b']), { says: [], saysNoMore: [] });
  assert.deepEqual(unusual(usual, ['a', 'flickers', 'new']), { says: ['new'], saysNoMore: ['b'] });
});
