import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import path from 'node:path';
import { mock, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../../harness/chaos/marks/scope.ts';
import { startApiServers } from '../../../harness/kube/fake-api-servers.ts';
import { defectKinds, suiteKinds } from '../../../harness/rights/run.ts';
import { exitCodeOf, wordsOf } from '../outcome.ts';
import { rights } from './rights.ts';

/** Runs the verb in this process, as the command line does. */
async function meshproof(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [code, stdout, stderr] = [-1, '', ''];
  const command = rights((ended) => (code = ended)).exitOverride();
  command.configureOutput({ writeErr: (text) => (stderr += text) });
  const log = mock.method(console, 'log', (text: string) => (stdout += `${text}\n`));
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = exitCodeOf(error);
    stderr += wordsOf(error, false);
  } finally {
    log.mock.restore();
  }
  return { code, stdout, stderr };
}

/** Two clusters behind one server. The gateway of east is in a namespace of its own. */
async function clusters(server: RequestListener | string, eastGateway = 'istio') {
  const started = await startApiServers({ west: server, east: server });
  const gateway = (namespace: string) => ({ eastWestGateway: { address: '127.0.0.1', namespace } });
  const own = { west: gateway('istio'), east: gateway(eastGateway) };
  return Object.assign(started, { mesh: started.meshFile(own, { rootNamespace: 'istio' }) });
}
const closed = 'http://127.0.0.1:1';

const objectsIn = (yaml: string) =>
  parseAllDocuments(yaml).map((one) => {
    assert.deepEqual(one.errors, []);
    const { kind, metadata } = one.toJS() as { kind: string; metadata: { name: string; namespace?: string } };
    return `${kind} ${metadata.namespace ?? '-'}/${metadata.name}`;
  });

test('without a mesh file, the manifests are those of the default namespaces', async () => {
  const { code, stdout } = await meshproof();
  assert.equal(code, 0);
  const objects = objectsIn(stdout);
  assert.equal(objects[0], 'ServiceAccount istio-system/meshproof');
  assert.ok(objects.includes('Role istio-system/meshproof-doctor'), objects.join());
  assert.ok(objects.includes('ClusterRole -/meshproof-doctor-all-secrets'), objects.join());
});

test('clusters that are alike have their manifests once, others have their own', async () => {
  await using equal = await clusters(closed);
  const alike = await meshproof('deploy', '--mesh', equal.mesh);
  const accounts = (yaml: string) => objectsIn(yaml).filter((one) => one.startsWith('ServiceAccount'));
  assert.deepEqual(accounts(alike.stdout), ['ServiceAccount istio/meshproof']);
  assert.match(alike.stdout, /Apply them to clusters: west \(context west\), east \(context east\)\./);
  await using different = await clusters(closed, 'gateways');
  const file = different.mesh;
  const both = await meshproof('deploy', '--mesh', file, '--account', 'ci/runner');
  assert.deepEqual(accounts(both.stdout), ['ServiceAccount ci/runner', 'ServiceAccount ci/runner']);
  assert.match(both.stdout, /--cluster NAME prints the manifests of one/);
  const east = objectsIn((await meshproof('deploy', '--mesh', file, '--cluster', 'east')).stdout);
  assert.ok(east.includes('Role gateways/meshproof-deploy'), east.join());
  const listed = JSON.parse((await meshproof('doctor', '--mesh', file, '--json')).stdout);
  assert.deepEqual(
    listed.clusters.map(({ cluster, manifests }: any) => [cluster, manifests.kind, manifests.items[0].kind]),
    [
      ['west', 'List', 'ServiceAccount'],
      ['east', 'List', 'ServiceAccount'],
    ],
  );
});

test('wrong use ends with 3 and says what is right', async () => {
  await using started = await clusters(closed);
  const file = started.mesh;
  const cases: [args: string[], said: RegExp][] = [
    [['status'], /Allowed choices are doctor, gather, run, chaos, heal, deploy/],
    [['--account', 'meshproof'], /NAMESPACE\/NAME/],
    [['--account', 'a/b/c'], /NAMESPACE\/NAME/],
    [['--account', 'a/B\n'], /NAMESPACE\/NAME/],
    [['--cluster', 'west'], /Give --mesh FILE or --name LAB as well/],
    [['--mesh', file, '--cluster', 'north'], /does not have a cluster north\. Its clusters are west, east\./],
    [['--mesh', `${file}.absent`], /Mesh file .* does not exist/],
  ];
  for (const [args, said] of cases) {
    const { code, stdout, stderr } = await meshproof(...args);
    assert.deepEqual([code, stdout], [3, ''], args.join(' '));
    assert.match(stderr, said);
  }
});

async function checkAgainst(listener: RequestListener, ...args: string[]) {
  await using started = await clusters(listener);
  return await meshproof('--check', '--mesh', started.mesh, ...args);
}

interface Review {
  spec: { resourceAttributes: { resource: string; namespace?: string } };
}

const reviewer =
  (lacks: (asked: { resource: string; namespace?: string }) => boolean): RequestListener =>
  (request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { resourceAttributes } = (JSON.parse(body) as Review).spec;
      response.end(JSON.stringify({ status: { allowed: !lacks(resourceAttributes) } }));
    });
  };

test('--check ends with 0 if the account has every right, and with 1 if it lacks one', async () => {
  const all = await checkAgainst(reviewer(() => false));
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /Cluster west \(context west\): the account has (\d+) of \1 rights/);
  const lacking = await checkAgainst(reviewer(({ resource }) => resource === 'nodes'));
  assert.equal(lacking.code, 1);
  assert.match(lacking.stdout, /✘ lacks +list nodes +the doctor does not see nodes/);
  assert.equal(lacking.stdout.match(/✘/g)?.length, 2, 'one in each cluster, and nothing else');
});

test('--check --json has each right with its answer', async () => {
  const { code, stdout } = await checkAgainst(
    reviewer(({ resource, namespace }) => resource === 'secrets' && namespace === undefined),
    ...['--json', '--cluster', 'east'],
  );
  assert.equal(code, 1);
  const checked = JSON.parse(stdout);
  assert.deepEqual(
    checked.clusters.map((one: any) => one.cluster),
    ['east'],
  );
  const lacking = checked.clusters[0].rights.filter(({ has }: any) => has === false);
  assert.deepEqual(
    lacking.map(({ right }: any) => [right.resource, right.verbs, right.optional]),
    [
      ['secrets', ['list'], 'all-secrets'],
      ['secrets', ['get'], 'all-secrets'],
    ],
  );
});

test('--check ends with 2 if a cluster could not be asked, and does not claim that rights are lacking', async () => {
  const { code, stdout } = await checkAgainst((_, response) => response.writeHead(401).end('{}'));
  assert.equal(code, 2);
  assert.match(stdout, /Not all could be asked: .*status 401/);
  assert.doesNotMatch(stdout, /✘/);
});

const named = (kindsByGroup: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(kindsByGroup).flatMap(([group, all]) => all.map((kind) => `${kind}.${group}`));
const qualified = (apiVersion: string, kind: string) =>
  `${kind}.${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}`;

test('the rights of heal name every kind that heal looks for', () => {
  const healed = kinds.map(([apiVersion, kind]) => qualified(apiVersion, kind));
  assert.deepEqual([...named(suiteKinds), ...named(defectKinds)].toSorted(), healed.toSorted());
});

test('the rights of run name every kind in the manifests of suites', () => {
  const declared = named(suiteKinds);
  const root = path.join(import.meta.dirname, '../../../suites');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((one) =>
    one.endsWith('.yaml'),
  );
  assert.ok(files.length > 10, 'there are manifests');
  for (const file of files) {
    const text = readFileSync(path.join(root, file), 'utf8');
    const objects = text.matchAll(/^apiVersion: (\S+)\nkind: (\S+)$/gm);
    for (const [, apiVersion = '', kind = ''] of objects)
      assert.ok(declared.includes(qualified(apiVersion, kind)), `${file}: ${kind}`);
  }
});
