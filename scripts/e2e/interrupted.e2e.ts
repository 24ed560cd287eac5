import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import test from 'node:test';
import { docker } from '../../harness/base/docker.ts';
import { ensureEngine } from '../../harness/lab/engine.ts';
import { ensureImages, ensureTools } from '../../harness/lab/images/index.ts';
import { labFolder } from '../../harness/lab/paths.ts';
import { assertEnded, meshproof, removeAfterwards, start } from './cli.ts';

const lab = 'cut-off';
const engine = await ensureEngine();
await Promise.all([ensureImages('auto', engine, {}), ensureTools({})]); // not what is interrupted here

const left = async (): Promise<string> =>
  (await docker(engine, ['ps', '-a', '--filter', `name=meshproof-${lab}-`, '--format', '{{.Names}}'])) +
  (await docker(engine, ['network', 'ls', '--filter', `name=meshproof-${lab}-`, '--format', '{{.Name}}']));

removeAfterwards(lab);

for (const [phase, text] of [
  ['the networks are made', '> Networks'],
  ['the clusters are made', '> Cluster east'],
  ['Istio is installed', '> Istio in east'],
  ['readiness is awaited', '> Ready'],
] as const) {
  test(`Ctrl-C while ${phase} leaves nothing`, async () => {
    const up = start(['up', '--name', lab]);
    await up.said(text);
    up.process.kill('SIGINT');
    const { code, stderr } = await up.ended;
    assert.equal(code, 2);
    assert.match(stderr, /Ended by SIGINT/);
    assert.equal(await left(), '');
    assert.equal(existsSync(labFolder(lab)), false);
  });
}

test('kill -9 while the clusters are made: status says so, and down removes the rest', async () => {
  const up = start(['up', '--name', lab]);
  await up.said('> Cluster east');
  await up.said('✔ Link');
  up.process.kill('SIGKILL');
  await up.ended;
  assert.notEqual(await left(), '');
  assertEnded(await meshproof('status', '--name', lab), 2);
  assertEnded(await meshproof('down', '--name', lab), 0);
  assert.equal(await left(), '');
});

test('a Docker network of that name which is not ours is refused and left alone', async () => {
  const network = `meshproof-${lab}-west-net`;
  await docker(engine, ['network', 'create', '--subnet', '10.76.250.0/24', network]);
  try {
    const { code, stderr } = await meshproof('up', '--name', lab);
    assert.equal(code, 2);
    assert.match(stderr, new RegExp(`meshproof did not create the existing Docker network ${network}`));
    assert.match(await left(), new RegExp(network));
  } finally {
    await docker(engine, ['network', 'rm', network]);
  }
});

test('two commands on one lab at a time: the second is told who works on it', async () => {
  const first = start(['up', '--name', lab]);
  await first.said('> Networks');
  const second = await meshproof('down', '--name', lab);
  assert.equal(second.code, 2);
  assert.match(second.stderr, new RegExp(`Process ${first.process.pid} is working on this lab`));
  first.process.kill('SIGTERM');
  assertEnded(await first.ended, 2);
  assert.equal(await left(), '');
});
