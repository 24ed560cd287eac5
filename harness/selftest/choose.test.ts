import assert from 'node:assert/strict';
import test from 'node:test';
import { chooseDefects } from './choose.ts';
import type { Defect } from './defect.ts';

const defect = (id: string, family: Defect['family']): Defect => ({
  ...{ id, family, title: id, cause: '', silent: false, findings: ['MP1101'], promises: [] },
  break: () => [],
});
const all = [
  defect('root-differs', 'trust and identity'),
  defect('policy-differs', 'policy'),
  defect('port-missing', 'network and gateways'),
];
const ids = (...words: string[]): string[] => chooseDefects(all, words).map(({ id }) => id);

test('words name ids, families and their first words; no word names all', () => {
  assert.deepEqual(ids(), ['root-differs', 'policy-differs', 'port-missing']);
  assert.deepEqual(ids('port-missing', 'trust'), ['root-differs', 'port-missing']);
  assert.deepEqual(ids('network and gateways'), ['port-missing']);
  assert.deepEqual(ids('network-and-gateways', 'Policy'), ['policy-differs', 'port-missing']);
});

test('an unknown word is reported with the nearest known word', () => {
  assert.throws(() => ids('root-difers', 'trust'), /"root-difers" \(did you mean root-differs\?\)\./);
  assert.throws(() => ids('trus'), /"trus"/);
  assert.throws(() => ids(''), /family: ""/);
});
