import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { styleText } from 'node:util';
import fc from 'fast-check';
import { anyCharacter } from './any-character.ts';
import { safeText } from './output-guard.ts';

const guard = path.join(import.meta.dirname, 'output-guard.ts');
const program = (body: string) => [
  '--input-type=module',
  '-e',
  `import { guardOutput, unguarded } from ${JSON.stringify(guard)}; guardOutput(2); ${body}`,
];
const hostile = 'a\x1b[2Jb\x1b]0;title\x07c\x1b[8md\x9b1Ae\u202ef\x7f\r\x1bPq\x1b\\g\x1b';

test('control sequences are removed, and other control characters are spelled out', () => {
  assert.equal(safeText(hostile), 'abcd\\u009b1Ae\\u202ef\\u007fg');
  assert.equal(safeText('line\r\n\tname: ä ✔ 漢'), 'line\n\tname: ä ✔ 漢');
});

test("meshproof's colours survive if the stream has colours", () => {
  const red = styleText('red', 'x', { validateStream: false });
  assert.equal(safeText(red, { colours: true }), red);
  assert.equal(safeText(red), 'x');
  assert.equal(safeText('\x1b[8mhidden', { colours: true }), 'hidden');
});

test('no text keeps a control character', () => {
  const part = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 8 }),
    fc.constantFrom('\x1b', '\x1b[', '\x9b', '[2J', ']0;', '\x07', 'm'),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const left = safeText(parts.join(''), { colours: true }).replace(/\x1b\[\d*m/g, '');
      assert.doesNotMatch(left, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    }),
  );
});

test('every write of the process is guarded, JSON keeps its value, and bytes may split a character', () => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    program(`console.log(${JSON.stringify(hostile)}); console.error('\\x1b[2Jx');
      console.log(JSON.stringify({ a: '\\x1b\\x9b\\u202e' }));
      process.stdout.write(Buffer.from([0xc3])); process.stdout.write(Buffer.from([0xa4]));
      unguarded(process.stdout).write('\\x1b[1A');`),
    { encoding: 'utf8', env: { NO_COLOR: '1' } },
  );
  const [text, json = '', drawn] = stdout.split('\n');
  assert.equal(text, 'abcd\\u009b1Ae\\u202ef\\u007fg');
  assert.deepEqual(JSON.parse(json), { a: '\x1b\x9b\u202e' });
  assert.equal(drawn, 'ä\x1b[1A');
  assert.equal(stderr, 'x\n');
});

test(
  'a full disk ends with the code for lost output and says so',
  { skip: process.platform !== 'linux' },
  () => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(
      process.execPath,
      program('console.log("x"); process.exitCode = 0;'),
      {
        encoding: 'utf8',
        stdio: ['ignore', full, 'pipe'],
      },
    );
    closeSync(full);
    assert.equal(status, 2);
    assert.match(stderr, /^meshproof: standard output cannot be written: ENOSPC.*The output is incomplete/);
  },
);

test('a reader that has left changes neither the exit code nor standard error', async () => {
  const body =
    'setInterval(() => console.log("x".repeat(100_000)), 1); setTimeout(() => process.exit(1), 200);';
  const child = spawn(process.execPath, program(body), { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  child.stdout.once('data', () => child.stdout.destroy());
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.deepEqual([code, said], [1, '']);
});
