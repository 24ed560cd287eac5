import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../base/fake-command.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { ensureEngine, privateEndpoint } from './engine.ts';

temporaryFolder('MESHPROOF_CACHE');
delete process.env['DOCKER_HOST'];

test('two processes that start the private engine at once start one daemon, and both get it', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0);
  await using fake = await fakeCommands({
    docker: `[ "$DOCKER_HOST" = '${privateEndpoint()}' ] && [ -e "$FAKE/up" ] && echo 28.0`,
    dockerd: 'sleep 0.5; touch "$FAKE/up"; exec sleep 1',
    'apt-get': 'exit 1',
    jq: 'exit 1',
    iptables: 'exit 1',
  });
  const engines = await Promise.all([ensureEngine(), ensureEngine()]);
  assert.deepEqual(
    engines.map(({ endpoint, ours }) => [endpoint, ours]),
    [
      [privateEndpoint(), true],
      [privateEndpoint(), true],
    ],
  );
  assert.equal((await fake.calls()).filter((call) => call.startsWith('dockerd ')).length, 1);
});
