import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { timeouts } from '../../harness/base/timeouts.ts';
import { waitUntil } from '../../harness/base/wait-until.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { assertEnded, meshproof } from './cli.ts';

const namespace = 'team';
/** The fewest pods with which CON-02 can be judged. */
const services = [
  { name: 'inventory', pods: { east: 1 } },
  { name: 'probe', pods: { west: 1, east: 1 } },
];

/**
 * Certifies the mesh of a lab as if it were a team's own, without its `lab` block: deploys its own namespace, checks it, judges it, and
 * removes it. A namespace that does not belong to meshproof is refused.
 */
export async function assertOwnMesh(labMeshFile: string): Promise<void> {
  const { lab: _lab, ...file } = loadMeshFile(labMeshFile);
  const clusters = file.clusters.map(({ ingress: _ingress, ...cluster }) => cluster);
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-own-'));
  const mesh = join(folder, 'mesh.yaml');
  writeFileSync(mesh, stringify({ ...file, namespace, clusters, services }));
  try {
    await assertDeployed(mesh);
    assertEnded(await meshproof('run', '--mesh', mesh, '--grep', 'CON-02'), 0);
    await assertRemoved(mesh);
    await assertRefused(mesh);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function assertDeployed(mesh: string): Promise<void> {
  assertEnded(await meshproof('deploy', '--mesh', mesh), 0);
  const again = await meshproof('deploy', '--mesh', mesh, '--json');
  assertEnded(again, 0);
  const { clusters } = JSON.parse(again.stdout) as { clusters: { created: number; changed: number }[] };
  assert.deepEqual(
    clusters.map(({ created, changed }) => [created, changed]),
    [
      [0, 0],
      [0, 0],
    ],
    'a second deployment changes nothing',
  );
}

async function assertRemoved(mesh: string): Promise<void> {
  const removed = await meshproof('undeploy', '--mesh', mesh);
  assertEnded(removed, 0);
  assert.match(removed.stdout, /Namespace team is gone from west and east/);
  await using attached = attach(loadMeshFile(mesh));
  for (const { api } of attached.clusters) {
    const { items } = await api.core.listNamespace();
    assert.equal(
      items.some(({ metadata }) => metadata?.name === namespace),
      false,
    );
  }
  const again = await meshproof('undeploy', '--mesh', mesh);
  assertEnded(again, 0);
  assert.match(again.stdout, /No cluster had a namespace team/);
}

/** A foreign namespace in one cluster: meshproof does not change either cluster. */
async function assertRefused(mesh: string): Promise<void> {
  await using attached = attach(loadMeshFile(mesh));
  const [west, east] = [attached.cluster('west').api.core, attached.cluster('east').api.core];
  await east.createNamespace({ body: { metadata: { name: namespace } } });
  try {
    for (const verb of ['deploy', 'undeploy']) {
      const refused = await meshproof(verb, '--mesh', mesh);
      assertEnded(refused, 3);
      assert.match(refused.stderr, /Cluster east .* has a namespace team that is not meshproof's/);
    }
    await assert.rejects(west.readNamespace({ name: namespace }), { code: 404 });
    assert.equal((await east.readNamespace({ name: namespace })).metadata?.deletionTimestamp, undefined);
  } finally {
    await east.deleteNamespace({ name: namespace });
    // A later test compares all objects of the cluster before and after.
    const fieldSelector = `metadata.name=${namespace}`;
    const isGone = async () => (await east.listNamespace({ fieldSelector })).items.length === 0;
    await waitUntil(isGone, `the deletion of namespace ${namespace} in east`, timeouts.namespaceGoneMs);
  }
}
