import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { stringify } from 'yaml';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';
import { journalOf } from '../../harness/chaos/heal/journal.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { faultsIn } from './lab-work.ts';

const folder = temporaryFolder('MESHPROOF_STATE');

const meshFile = join(folder, 'left-in-place.yaml');
writeFileSync(
  meshFile,
  stringify({
    ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'm', trustDomain: 'cluster.local' },
    ...{ rootNamespace: 'istio-system', namespace: 'meshproof' },
    lab: { name: 'one', topology: 't.yaml', engine: 'unix:///d.sock', link: 'l', images: 'packages' },
    clusters: ['west', 'east'].map((name) => ({
      ...{ name, kubeconfig: `./${name}.kubeconfig`, context: name, role: 'primary', network: name },
      ...{ region: name, zone: `${name}-a` },
      eastWestGateway: { address: '10.0.0.1', port: 15443, namespace: 'istio-system', deployment: 'gateway' },
    })),
    services: [{ name: 'catalog', pods: { west: 1, east: 1 } }],
  }),
);
const journal = journalOf(loadMeshFile(meshFile));
const entry = {
  version: 1,
  fault: 'link-partitioned',
  phase: 'injected',
  parameters: {},
  undo: {},
  clusters: {},
} as const;
const startedAt = '2026-11-24T05:00:00.000Z';

test('a journal without entries reports nothing', async () => assert.deepEqual(await faultsIn(meshFile), []));

test('a fault of a killed process is reported with its remedy, a fault of a running process without it', async () => {
  const { pid: ended = 0 } = spawnSync('true');
  await journal.write({ ...entry, id: 'aaaaaaaa', pid: ended, startedAt });
  await journal.write({ ...entry, id: 'bbbbbbbb', pid: process.pid, startedAt });
  const reported = await faultsIn(meshFile);
  assert.equal(reported.length, 2);
  assert.match(
    reported[0] ?? '',
    /process \d+ was killed and left .* link-partitioned, since 2026-11-24.*`meshproof heal --name one`/,
  );
  assert.match(
    reported[1] ?? '',
    new RegExp(`process ${process.pid} has a fault in place: link-partitioned`),
  );
  assert.doesNotMatch(reported[1] ?? '', /meshproof heal/);
});

test('a file of the journal that is not an entry is reported', async () => {
  mkdirSync(journal.folder, { recursive: true });
  writeFileSync(join(journal.folder, 'zzz.json'), '{');
  assert.match((await faultsIn(meshFile)).at(-1) ?? '', /zzz\.json; run `meshproof heal --name one`/);
});
