import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpinnedModules } from './k6-binary.ts';

const printed = `/cache/k6: go1.26.8
\tpath\tk6
\tmod\tk6\t(devel)\t
\tdep\texample.com/a\tv1.0.0\th1:aaa=
\tdep\tmeshproof.dev/k6\tv0.0.0-00010101000000-000000000000
\t=>\t./clusters/k6\t(devel)\t
\tbuild\t-trimpath=true
`;

test('a module is pinned if its version and hash are in go.sum', () => {
  assert.deepEqual(
    unpinnedModules(printed, 'example.com/a v1.0.0 h1:aaa=\nexample.com/a v1.0.0/go.mod h1:bbb=\n'),
    [],
  );
});

test('another version, or the same version with other contents, is not pinned', () => {
  for (const sum of ['example.com/a v1.0.1 h1:aaa=', 'example.com/a v1.0.0 h1:ccc=', '']) {
    assert.deepEqual(unpinnedModules(printed, sum), ['example.com/a v1.0.0 h1:aaa=']);
  }
});

test("a module without a hash is not pinned, except meshproof's extension", () => {
  assert.deepEqual(unpinnedModules('\tdep\texample.com/b\tv1.0.0\n', 'example.com/b v1.0.0 h1:bbb='), [
    'example.com/b v1.0.0',
  ]);
});

test('the replacement of a module must be pinned', () => {
  const replaced = (by: string) => `\tdep\texample.com/a\tv1.0.0\n\t=>\t${by}\n`;
  const sum = 'example.com/c v1.0.0 h1:ccc=';
  assert.deepEqual(unpinnedModules(replaced('example.com/c\tv1.0.0\th1:ccc='), sum), []);
  assert.deepEqual(unpinnedModules(replaced('example.com/c\tv1.0.0\th1:ddd='), sum), [
    'example.com/c v1.0.0 h1:ddd=',
  ]);
  assert.deepEqual(unpinnedModules(replaced('/tmp/other\t(devel)'), sum), ['/tmp/other (devel)']);
});
