import assert from 'node:assert/strict';
import { existsSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { CustomObjectsApi } from '#kubernetes-client';
import { docker } from '../../harness/base/docker.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import { findEngine } from '../../harness/lab/engine.ts';
import { labMeshFile, projectRoot } from '../../harness/lab/paths.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { reportSchema, type Report } from '../../harness/report/schema.ts';
import { assertEnded, meshproof, removeAfterwards, type Ended } from './cli.ts';
import { assertExactRights } from './exact-rights.ts';
import { assertHostileMarksChangeNothing } from './hostile-marks.ts';
import { assertOwnMesh } from './own-mesh.ts';
import { assertNoticed } from './selftest.ts';
import { countJunit } from '../dev/test-count.ts';

const lab = 'e2e';
const reportOf = ({ stdout, stderr }: Ended): Report => {
  assert.notEqual(stdout.trim(), '', stderr);
  return reportSchema.parse(JSON.parse(stdout));
};
const inDocker = async (...args: string[]): Promise<string> => {
  const engine = await findEngine();
  assert.ok(engine);
  return docker(engine, args);
};
const leftOf = async (name: string): Promise<string> =>
  (await inDocker('ps', '-a', '--filter', `name=meshproof-${name}-`, '--format', '{{.Names}}')) +
  (await inDocker('network', 'ls', '--filter', `name=meshproof-${name}-`, '--format', '{{.Name}}'));

removeAfterwards(lab);

test('certify creates a lab, and each promise holds', async () => {
  const ended = await meshproof('certify', '--name', lab, '--project', 'core', '--keep', '--json');
  const report = reportOf(ended);
  const broken = report.promises.filter(({ verdict }) => verdict !== 'pass');
  assert.deepEqual(
    broken.map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`),
    [],
  );
  assertEnded(ended, 0);
  assert.equal(report.verdict, 'pass');
  assert.ok(
    report.promises.filter(({ level }) => level === 'core').length >= 23,
    'all core promises were tried',
  );
  assert.ok(
    report.promises.every(({ measurements }) => measurements.length > 0),
    'each shows the numbers it came from',
  );
  assert.equal(report.mesh?.lab, lab);
});

test('the run left report.json, junit.xml, index.html and Playwright’s page, and latest points to it', () => {
  const latest = realpathSync(join(projectRoot, 'results/latest'));
  assert.equal(readlinkSync(join(projectRoot, 'results/latest')).includes('/'), false, 'a relative link');
  const report = reportSchema.parse(JSON.parse(readFileSync(join(latest, 'report.json'), 'utf8')));
  assert.deepEqual(countJunit(readFileSync(join(latest, 'junit.xml'), 'utf8')), {
    passed: report.promises.length,
    failed: 0,
  });
  assert.ok(existsSync(join(latest, 'playwright/index.html')));
  const html = readFileSync(join(latest, 'index.html'), 'utf8');
  for (const { id } of report.promises) assert.ok(html.includes(id), id);
});

test('up on a healthy lab changes nothing and ends soon', async () => {
  const { code, seconds, stderr } = await meshproof('up', '--name', lab);
  assert.equal(code, 0);
  assert.match(stderr, /Cluster west: already running/);
  assert.match(stderr, /Istio in east: already installed/);
  // The target is 5 s on an idle machine (docs/numbers.md). After the promises, this machine still restarts their pods.
  assert.ok(seconds <= 15, `${seconds} s`);
});

test('under load, faults of pods, the link, istiod, a remote secret and a whole cluster stay within their bounds', async () => {
  const ended = await meshproof('chaos', 'run', '--name', lab, '--json', '--grep', 'RES-0[178]|RES-1[02]');
  const report = reportOf(ended);
  assert.deepEqual(
    report.promises
      .filter(({ verdict }) => verdict !== 'pass')
      .map(({ id, verdict, reason }) => `${id} ${verdict}: ${reason}`),
    [],
  );
  assert.equal(report.promises.length, 5);
  assert.ok(
    report.promises.every(({ experiments }) => (experiments?.length ?? 0) >= 4),
    'each is drawn, a way at a time',
  );
  assertEnded(ended, 0);
});

test('the doctor does not report a cause for a healthy mesh', async () => {
  const ended = await meshproof('doctor', '--name', lab, '--json');
  const { causes } = JSON.parse(ended.stdout) as { causes: { finding: { severity: string } }[] };
  assert.deepEqual(
    causes.filter(({ finding }) => finding.severity !== 'info'),
    [],
  );
  assertEnded(ended, 0);
});

test('the self-test names a defect of each family, breaks the expected promises, and leaves the mesh healthy', () =>
  assertNoticed(lab));

test('a team mesh: deploy creates the workloads, a promise holds, undeploy removes them', () =>
  assertOwnMesh(labMeshFile(lab)));

test('hostile leftovers do not gain rights, change objects or write files, and each is reported', () =>
  assertHostileMarksChangeNothing(labMeshFile(lab)));

test('an account with exactly the rights that `rights` prints is enough, and the doctor shows each missing right', () =>
  assertExactRights(labMeshFile(lab), { lessForMs: 60_000, promises: ['CON-02'] }));

test('a mesh without its cross-network gateway breaks promises, and up restores it', async () => {
  await using mesh = attach(loadMeshFile(labMeshFile(lab)));
  const gateways = mesh.cluster('east').api.config.makeApiClient(CustomObjectsApi);
  await gateways.deleteNamespacedCustomObject({
    ...{ group: 'networking.istio.io', version: 'v1', plural: 'gateways' },
    ...{ namespace: 'istio-system', name: 'cross-network-gateway' },
  });
  const ended = await meshproof('run', '--name', lab, '--json', '--grep', 'CON-02');
  const report = reportOf(ended);
  assertEnded(ended, 1);
  assert.deepEqual(
    report.promises.map(({ id, verdict }) => [id, verdict]),
    [['CON-02', 'fail']],
  );
  const doctor = await meshproof('doctor', '--name', lab, '--json');
  assertEnded(doctor, 1);
  const { causes } = JSON.parse(doctor.stdout) as { causes: { finding: { code: string } }[] };
  assert.equal(causes[0]?.finding.code, 'MP3301', doctor.stdout);
  assertEnded(await meshproof('up', '--name', lab), 0);
  assertEnded(await meshproof('run', '--name', lab, '--grep', 'CON-02'), 0);
});

test('a mesh with a stopped cluster cannot be judged: one reason, exit code 2, and up rebuilds it', async () => {
  await inDocker('stop', '-t', '1', `meshproof-${lab}-east-control-plane`);
  assertEnded(await meshproof('status', '--name', lab), 2);
  const ended = await meshproof('run', '--name', lab, '--json');
  const report = reportOf(ended);
  assertEnded(ended, 2);
  assert.equal(report.verdict, 'error');
  assert.match(report.reason, /cluster east does not answer/);
  assert.ok(report.promises.length >= 23);
  assert.ok(
    report.promises.every(({ verdict }) => verdict === 'error'),
    'each promise is not judged, rather than broken',
  );
  const up = await meshproof('up', '--name', lab);
  assertEnded(up, 0);
  assert.match(up.stderr, /Cluster east: rebuilt: meshproof-e2e-east-control-plane is stopped/);
  assertEnded(await meshproof('run', '--name', lab, '--grep', 'CON-|DIS-'), 0);
});

test('down removes the lab, and can run twice', async () => {
  assert.match((await meshproof('down', '--name', lab)).stdout, /is gone/);
  assert.equal(await leftOf(lab), '');
  assert.equal(existsSync(labMeshFile(lab)), false);
  const again = await meshproof('down', '--name', lab);
  assertEnded(again, 0);
  assert.match(again.stdout, /did not exist/);
});
