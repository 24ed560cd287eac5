import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { stringify } from 'yaml';
import { clustersOf, type GivenContexts } from './contexts.ts';
import { WrongUse } from './outcome.ts';

const folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-contexts-'));
after(() => folder.remove());
const written = (name: string, contexts: readonly string[]): string => {
  const file = path.join(folder.path, name);
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: {} }],
    contexts: contexts.map((one) => ({ name: one, context: { cluster: 'c', user: 'u' } })),
  };
  writeFileSync(file, stringify(config));
  return file;
};
const [one, two] = [written('one', ['west', 'east']), written('two', ['north', 'east'])];
const refusal = (given: GivenContexts, words: RegExp) =>
  assert.throws(
    () => clustersOf(given),
    (error) => error instanceof WrongUse && words.test(error.message),
    String(words),
  );

test('each context is found in the file that has it', () =>
  assert.deepEqual(clustersOf({ context: ['west', 'north'], kubeconfig: [one, two] }), [
    { context: 'west', kubeconfig: one },
    { context: 'north', kubeconfig: two },
  ]));

test('a context that does not exist gets the nearest name and the list', () => {
  refusal(
    { context: ['wst'], kubeconfig: [one] },
    /Context wst does not exist\. Did you mean west\? The contexts are west, east\./,
  );
  refusal({ context: ['mars'], kubeconfig: [one] }, /^Context mars does not exist\. The contexts are/);
});

test('no context, a context twice, and a context in two files are wrong use', () => {
  refusal({ kubeconfig: [one] }, /A context is missing\. Give --context .* the contexts are west, east/);
  refusal({ context: ['west', 'west'], kubeconfig: [one] }, /Context west is given twice/);
  refusal({ context: ['east'], kubeconfig: [one, two] }, /Context east is in two files/);
});

test('a kubeconfig that does not exist or is not YAML is wrong use', () => {
  refusal(
    { context: ['west'], kubeconfig: [path.join(folder.path, 'none')] },
    /Kubeconfig .*none does not exist/,
  );
  const broken = path.join(folder.path, 'broken');
  writeFileSync(broken, 'a: [');
  refusal({ context: ['west'], kubeconfig: [broken] }, /Kubeconfig .*broken cannot be read/);
});
