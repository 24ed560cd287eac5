import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';

const cache = mkdtempSync(join(tmpdir(), 'meshproof-base-'));
process.env['MESHPROOF_CACHE'] = cache;
const { ensureBase } = await import('./base.ts');
const { readLock } = await import('./debian-lock.ts');
after(() => rmSync(cache, { recursive: true }));

const engine = { endpoint: 'unix:///nowhere.sock', version: '1', ours: false };
const locked = await readLock();
const aptCache = (packages: typeof locked): string =>
  packages
    .map(({ name, version, sha256 }) => `Package: ${name}\nVersion: ${version}\nSHA256: ${sha256}\n`)
    .join('\n');

/** A mirror that serves some packages, and an engine that keeps the label of the image that it imports. */
const mirrorWith = (packages: typeof locked) =>
  fakeCommands({
    mmdebstrap: `cat >"$MESHPROOF_CHOSEN" <<'EOF'\n${aptCache(packages)}\nEOF`,
    docker: `
case "$1 $*" in
  import*) printf '%s' "$3" | sed 's/.*="//; s/"$//' >"$FAKE/label" ;;
  image*Labels*) cat "$FAKE/label" ;;
  image*) echo "No such image" >&2; exit 1 ;;
esac`,
  });

test('a base image with the locked packages is built', async () => {
  await using commands = await mirrorWith(locked);
  assert.match(await ensureBase({ engine, locked: true }), /^meshproof\/base:[0-9a-f]{12}$/);
  assert.match(
    (await commands.calls()).join('\n'),
    /import --change LABEL meshproof\.dev\/debian-differences=""/,
  );
});

const [first, ...rest] = locked;
assert.ok(first);

test('a mirror with newer packages gives an image whose label has the differences, and an error with --locked', async () => {
  const moved = [{ name: first.name, version: 'newer', sha256: '0'.repeat(64) }, ...rest];
  await using commands = await mirrorWith(moved);
  await ensureBase({ engine });
  const difference = `${first.name} ${first.version} -> newer`;
  assert.ok((await commands.calls()).some((call) => call.includes(`debian-differences="${difference}"`)));
  await assert.rejects(ensureBase({ engine, locked: true }), (error: Error) =>
    error.message.includes(difference),
  );
});

test('a mirror with other contents under a locked version gives no image', async () => {
  await using commands = await mirrorWith([{ ...first, sha256: '0'.repeat(64) }, ...rest]);
  await assert.rejects(ensureBase({ engine }), /do not use this mirror/);
  assert.ok(!(await commands.calls()).some((call) => call.includes('import')));
});
