import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { MemorySampler, memoryOf } from './memory.ts';

test('a process counts with its descendants only', async (t) => {
  const proc = await mkdtemp(path.join(tmpdir(), 'meshproof-proc-'));
  t.after(() => rm(proc, { recursive: true }));
  const processes = [
    [10, 1, 100],
    [11, 10, 20],
    [9, 11, 3],
    [12, 1, 5000],
  ];
  for (const [pid, parent, kilobytes] of processes) {
    await mkdir(`${proc}/${pid}`);
    await writeFile(
      `${proc}/${pid}/status`,
      `Name:\tx\nPPid:\t${parent}\nVmRSS:\t 9000 kB\nRssAnon:\t  ${kilobytes} kB\nRssFile:\t 8000 kB\nRssShmem:\t 1 kB\n`,
    );
  }
  assert.equal(await memoryOf(10, proc), (123 + 3) * 1024);
});

test('without /proc the memory is null', async () => {
  assert.equal(await memoryOf(1, '/nowhere'), null);
});

test('a real child counts', { skip: process.platform !== 'linux' }, async () => {
  const before = (await memoryOf(process.pid)) ?? 0;
  const child = spawn(process.execPath, [
    '-e',
    'kept = Buffer.alloc(50e6, 1); setInterval(() => {}, 1000); console.log(1)',
  ]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const after = (await memoryOf(process.pid)) ?? 0;
  child.kill();
  assert.ok(after - before > 50e6 && after - before < 100e6, `${before} → ${after}`);
});

test('the peak stays if memory is freed', async () => {
  const samples = [5, 9, 7, null];
  const sampler = new MemorySampler(async () => samples.shift() ?? null);
  assert.equal(sampler.peakBytes, null);
  for (let taken = 0; taken < 4; taken++) await sampler.take();
  assert.equal(sampler.peakBytes, 9);
});
