import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadMeshFile } from '../../harness/config/load.ts';
import { managedBy } from '../../harness/config/workload-names.ts';
import type { Diagnosis } from '../../harness/doctor/finding.ts';
import { deleteIfThere } from '../../harness/kube/cluster-api.ts';
import { attach, type Mesh } from '../../harness/mesh/attach.ts';
import { allows, type Asked, requestsOf, type Right, wordRight } from '../../harness/rights/right.ts';
import type { RightsVerb } from '../../harness/rights/verbs.ts';
import type { ClusterSnapshot } from '../../harness/snapshot/schema.ts';
import { assertEnded, meshproof } from './cli.ts';
import { exactAccount, type ExactAccount } from './exact-account.ts';

/** The scope of the test. */
export interface ExactRightsOptions {
  /** Time to remove rights of the doctor, one at a time. The first right depends on the day. */
  lessForMs: number;
  /** The promises that are judged with the rights of `run`. */
  promises: readonly string[];
}

const namespace = 'team-rights';
/** The fewest pods with which CON-02 can be judged. */
const services = [
  { name: 'inventory', pods: { east: 1 } },
  { name: 'probe', pods: { west: 1, east: 1 } },
];

/**
 * Judges the mesh of a lab, as if it were a team's own, with accounts that have exactly the rights that `meshproof rights` prints
 * for each command: everything works, without other requests. Then the doctor runs without one right at a time.
 */
export async function assertExactRights(labMeshFile: string, options: ExactRightsOptions): Promise<void> {
  const { lab: _lab, ...file } = loadMeshFile(labMeshFile);
  const clusters = file.clusters.map(({ ingress: _ingress, ...cluster }) => cluster);
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-exact-'));
  const meshFile = join(folder, 'mesh.yaml');
  writeFileSync(meshFile, stringify({ ...file, namespace, clusters, services }));
  await using admin = attach(loadMeshFile(meshFile));
  const withRights = async (verb: RightsVerb, act: (account: ExactAccount) => Promise<void>) => {
    await using account = await exactAccount(admin, verb, folder);
    await act(account);
    assertDeclared(admin, verb, account);
  };
  try {
    await makeNamespace(admin);
    await withRights('deploy', async (deployer) => {
      assertEnded(await meshproof('rights', 'deploy', '--check', '--mesh', deployer.meshFile), 0);
      assertEnded(await meshproof('deploy', '--mesh', deployer.meshFile), 0);
      await withRights('doctor', (doctor) => assertDoctor(admin, meshFile, doctor, options.lessForMs));
      await withRights('gather', (gatherer) => assertGathers(gatherer, folder));
      await withRights('run', async ({ meshFile: mesh }) => {
        assertEnded(await meshproof('run', '--mesh', mesh, ...options.promises), 0);
      });
      await withRights('heal', async ({ meshFile: mesh }) =>
        assertEnded(await meshproof('heal', '--mesh', mesh), 0),
      );
      assertEnded(await meshproof('undeploy', '--mesh', deployer.meshFile), 0);
      assertAllAsked('deploy', deployer, admin);
    });
  } finally {
    for (const { api } of admin.clusters)
      await deleteIfThere(() => api.core.deleteNamespace({ name: namespace }));
    rmSync(folder, { recursive: true });
  }
}

/** Creates the namespace with meshproof's label, because the Roles must exist before `deploy`. */
async function makeNamespace({ clusters }: Mesh): Promise<void> {
  for (const { api } of clusters)
    await api.core.createNamespace({ body: { metadata: { name: namespace, labels: managedBy } } });
}

/** Kinds that a cluster does not have are not listed there. A wrong name here shows up as an undeclared request. */
const isOfAbsentKind = (right: Right, asked: readonly Asked[]): boolean =>
  right.parts?.includes('resources') === true && !asked.some((one) => allows(right, one));

/** `rights --check` sends reviews, which every account may. */
const isReview = ({ group }: { group: string }): boolean => group === 'authorization.k8s.io';

function assertDeclared({ clusters }: Mesh, verb: RightsVerb, account: ExactAccount): void {
  for (const { name } of clusters) {
    const asked = account.askedIn(name).filter((one) => !isReview(one));
    assert.ok(asked.length > 0, `${verb} asked nothing in ${name}`);
    const undeclared = asked.filter((one) => !account.rightsIn(name).some((right) => allows(right, one)));
    const words = undeclared.map((one) => JSON.stringify(one));
    assert.deepEqual(words, [], `${verb} asks in ${name} for what is not declared`);
  }
}

function assertAllAsked(verb: RightsVerb, account: ExactAccount, { clusters }: Mesh): void {
  for (const { name } of clusters) {
    const asked = account.askedIn(name);
    const unasked = account
      .rightsIn(name)
      .filter((right) => !right.seldom && !isOfAbsentKind(right, asked))
      .filter((right) =>
        requestsOf(right).some(
          ({ verb: one }) => !asked.some((each) => each.verb === one && allows(right, each)),
        ),
      );
    assert.deepEqual(unasked.map(wordRight), [], `${verb} never asks in ${name} for what is declared`);
  }
}

async function assertGathers({ meshFile }: ExactAccount, folder: string): Promise<void> {
  const ended = await meshproof('gather', '--mesh', meshFile, '--out', join(folder, 'a.tar.gz'), '--json');
  assertEnded(ended, 0);
  const { clusters } = JSON.parse(ended.stdout) as { clusters: ClusterSnapshot[] };
  for (const { name, missing } of clusters) assert.deepEqual(missing, [], name);
}

/** The doctor's report for an account: findings by code and place, and parts that were not read. */
interface Outcome {
  found: string[];
  unknown: Diagnosis['unknown'];
}

/** On a busy machine an answer can be late: the doctor then runs again. */
async function diagnose(meshFile: string, attempts = 3): Promise<Outcome> {
  const ended = await meshproof('doctor', '--mesh', meshFile, '--json');
  assert.notEqual(ended.stdout, '', ended.stderr);
  const { causes, unknown } = JSON.parse(ended.stdout) as Diagnosis;
  const isLate = unknown.some(({ why }) => why.includes('no answer within'));
  if (isLate && attempts > 1) return diagnose(meshFile, attempts - 1);
  const grave = causes.filter(({ finding }) => finding.severity !== 'info');
  const found = grave.map(({ finding }) => `${finding.code} ${finding.cluster} ${finding.object}`).toSorted();
  const errors = causes.some(({ finding }) => finding.severity === 'error');
  assertEnded(ended, errors ? 1 : unknown.length > 0 ? 2 : 0);
  return { found, unknown };
}

async function assertDoctor(
  admin: Mesh,
  adminFile: string,
  account: ExactAccount,
  lessForMs: number,
): Promise<void> {
  const expected = await diagnose(adminFile);
  assert.deepEqual(expected.unknown, [], 'an account that may do everything sees everything');
  assert.deepEqual(await diagnose(account.meshFile), expected, 'exactly these rights show the same');
  await assertLess(admin, account, { found: expected.found, lessForMs });
  assertAllAsked('doctor', account, admin);
}

/** The rights to remove in a cluster. */
type Taken = (rights: readonly Right[]) => Right[];

/**
 * Removes all optional rights, then one right at a time. The doctor must read all other parts, and must not report new
 * findings.
 */
async function assertLess(
  mesh: Mesh,
  account: ExactAccount,
  { found, lessForMs }: { found: readonly string[]; lessForMs: number },
): Promise<void> {
  const began = performance.now();
  for (const taken of takings(account.rightsIn(mesh.clusters[0]?.name ?? '').length)) {
    const gone = (cluster: string) => taken(account.rightsIn(cluster));
    await account.have((name) => account.rightsIn(name).filter((right) => !gone(name).includes(right)));
    const outcome = await diagnose(account.meshFile);
    for (const { name } of mesh.clusters) assertMissing(name, outcome.unknown, gone(name), account);
    const claimed = outcome.found.filter((one) => !found.includes(one));
    const words = gone(mesh.clusters[0]?.name ?? '')
      .map(wordRight)
      .join('; ');
    assert.deepEqual(claimed, [], `without \`${words}\`, the doctor claims what is not so`);
    console.error(`as expected without ${words}`);
    if (performance.now() - began > lessForMs) break;
  }
  await account.have((cluster) => account.rightsIn(cluster));
}

/** All optional rights, then each right once. The first right depends on the day. */
function* takings(count: number): Generator<Taken, void> {
  yield (rights) => rights.filter(({ optional }) => optional !== undefined);
  const offset = Math.floor(Date.now() / 86_400_000) % count;
  for (let step = 0; step < count; step++) yield (rights) => withSame(rights, (offset + step) % count);
}

/** A right, and the optional rights that include it. */
function withSame(rights: readonly Right[], index: number): Right[] {
  const taken = rights[index]!;
  const gives = (right: Right) => requestsOf(taken).some((asked) => allows(right, asked));
  return rights.filter((right) => right === taken || (right.optional !== undefined && gives(right)));
}

function assertMissing(
  cluster: string,
  unknown: Outcome['unknown'],
  gone: readonly Right[],
  account: ExactAccount,
): void {
  const words = `${cluster} without \`${gone.map(wordRight).join('; ')}\``;
  const parts = new Set<string>(gone.flatMap((right) => right.parts ?? []));
  const missing = unknown.filter((one) => one.cluster === cluster);
  const isTaken = ({ what }: (typeof missing)[number]) => parts.has(what.split(': ')[0] ?? '');
  const others = missing.filter((one) => !isTaken(one));
  assert.deepEqual(others, [], `${words}: only its parts are not read`);
  if (gone.every((right) => right.seldom || isOfAbsentKind(right, account.askedIn(cluster)))) return;
  assert.ok(missing.some(isTaken), `${words}: ${[...parts].join(' or ')} is not reported as not read`);
}
