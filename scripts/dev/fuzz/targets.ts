import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { inside } from '../../../harness/base/folders.ts';
import { healMarks } from '../../../harness/chaos/heal/heal-marks.ts';
import { Journal, type JournalEntry, newEntryId } from '../../../harness/chaos/heal/journal.ts';
import { hostileLeftovers } from '../../../harness/chaos/marks/hostile-sample.ts';
import { loadMeshFile, loadTopology, parseTopology } from '../../../harness/config/load.ts';
import type { MeshFile } from '../../../harness/config/mesh-file.ts';
import { stateFolder } from '../../../harness/config/state.ts';
import { judge } from '../../../harness/doctor/judge.ts';
import { takeLock } from '../../../harness/lab/lock.ts';
import { projectRoot } from '../../../harness/lab/paths.ts';
import type { Stored } from '../../../harness/kube/fake-cluster.ts';
import { mergePatch } from '../../../harness/kube/merge-patch.ts';
import { FakeMeshCluster, fakeMesh } from '../../../harness/mesh/fake-mesh.ts';
import { reportHtml } from '../../../harness/report/page/page.ts';
import { sampleReport } from '../../../harness/report/sample.ts';
import { selftestHtml } from '../../../harness/selftest/report/html.ts';
import { sampleSelftest } from '../../../harness/selftest/report/sample.ts';
import { parseSnapshot, readSnapshot } from '../../../harness/snapshot/read-snapshot.ts';
import { sampleSnapshot } from '../../../harness/snapshot/sample/sample.ts';
import { readReport } from '../../cli/suite-run.ts';
import { archiveName } from '../../cli/verbs/gather.ts';
import { readSelftest } from '../read-selftest.ts';
import { entries, type Entry, hostileText, mutated, mutatedBytes, mutatedText } from './mutations.ts';
import { tarOf } from './tar-of.ts';

/** The folders of a sandbox. */
export interface Sandbox {
  /** A target may write here. */
  inner: string;
  /** Links point here; nothing in this folder may change. */
  outside: string;
}

/** A reader of the product with hostile inputs. */
export interface Target {
  name: string;
  /** Reads generated inputs. It throws what the reader throws. */
  property: (
    act: <T>(read: (input: T, sandbox: Sandbox) => unknown) => (input: T) => Promise<void>,
  ) => fc.IAsyncProperty<[unknown]>;
}

function target<T>(
  name: string,
  input: fc.Arbitrary<T>,
  read: (input: T, sandbox: Sandbox) => unknown,
): Target {
  return { name, property: (act) => fc.asyncProperty(input, act(read)) };
}

const json = (value: unknown): string => JSON.stringify(value) ?? '';
const asJson = (sample: unknown): fc.Arbitrary<string> => mutatedText(mutated(sample).map(json));
const asYaml = (sample: unknown): fc.Arbitrary<string> =>
  mutatedText(
    fc.oneof(
      mutated(sample).map(json),
      mutated(sample).map((value) => stringify(value)),
      fc.constant(stringify(sample)),
    ),
  );

const topologyFile = join(projectRoot, 'clusters/topologies/west-east.yaml');
const topology = parseTopology(readFileSync(topologyFile, 'utf8'), topologyFile);

const meshFile: MeshFile = {
  ...({
    apiVersion: 'meshproof.dev/v1',
    kind: 'Mesh',
    meshId: 'mesh1',
    trustDomain: 'cluster.local',
  } as const),
  ...{ rootNamespace: 'istio-system', namespace: 'meshproof' },
  lab: { name: 'lab', topology: 't.yaml', engine: 'unix:///d.sock', link: 'l', images: 'packages' },
  clusters: ['west', 'east'].map((name) => ({
    ...{ name, kubeconfig: `./${name}.kubeconfig`, context: name, role: 'primary' as const, network: name },
    ...{ region: name, zone: `${name}-a`, ingress: 'http://10.0.0.2/' },
    eastWestGateway: { address: '10.0.0.1', port: 15443, namespace: 'istio-system', deployment: 'gateway' },
  })),
  services: [{ name: 'catalog', pods: { west: 1, east: 1 } }],
};
const { lab, ...foreignMesh } = meshFile;
/** Mesh files that are valid except for the name of their folder. */
const namedMesh = fc.oneof(
  hostileText.map((meshId) => json({ ...foreignMesh, meshId })),
  hostileText.map((name) => json({ ...meshFile, lab: { ...lab, name } })),
);

const entry: JournalEntry = {
  ...({ version: 1, id: newEntryId(), fault: 'pods-killed', phase: 'begun', pid: 1 } as const),
  ...{ parameters: { cluster: 'west' }, undo: { pods: [] }, clusters: { west: 'uid' } },
  startedAt: '2026-11-23T10:00:00.000Z',
};
const entryFile = `${entry.startedAt.replaceAll(':', '-')}-${entry.id}.json`;

/** Writes a file for its reader. */
function fileIn({ inner }: Sandbox, name: string, content: string | Uint8Array): string {
  const file = join(inner, name);
  writeFileSync(file, content);
  return file;
}

/** Creates entries in a folder, if their names are possible. */
function plant(folder: string, found: readonly Entry[], { outside }: Sandbox): void {
  mkdirSync(folder, { recursive: true });
  for (const { name, kind, content } of found) {
    try {
      const file = inside(folder, name);
      if (kind === 'file') writeFileSync(file, content);
      else if (kind === 'folder') mkdirSync(file);
      else symlinkSync(kind === 'link' ? join(outside, 'precious') : join(outside, 'nothing'), file);
    } catch {
      // The name is impossible, or two entries have it.
    }
  }
}

async function readLock(
  { found, isLink }: { found: Entry[]; isLink: boolean },
  sandbox: Sandbox,
): Promise<void> {
  const folder = join(sandbox.inner, 'lab');
  const lock = join(folder, 'lock');
  mkdirSync(folder);
  if (isLink) symlinkSync(sandbox.outside, lock);
  else plant(lock, found, sandbox);
  await using _lock = await takeLock(folder, 'lab');
}

async function readJournal(found: Entry[], sandbox: Sandbox): Promise<void> {
  const folder = join(sandbox.inner, 'journal');
  plant(folder, found, sandbox);
  const journal = new Journal(folder);
  for (const name of (await journal.read()).unreadable) await journal.setAside(name);
  const { entries: own, unreadable } = await journal.read();
  if (unreadable.length > 0)
    throw new TypeError(`Files that were set aside are read again: ${unreadable.join()}`);
  for (const one of own) {
    await journal.write(one);
    await journal.remove(one);
  }
}

const places = {
  ...{ rootNamespace: 'istio-system', workloads: 'workloads', foreign: 'team' },
  ...{ deployment: 'theirs', node: 'a', pod: 'p' },
};
const leftovers = hostileLeftovers(places).flatMap(({ create, mark }) =>
  [create, mark].filter((one) => one !== undefined),
);

/** Heals a cluster with unsigned leftovers: nothing may be written. */
async function readMarks(planted: unknown[]): Promise<void> {
  const fake = new FakeMeshCluster('west');
  for (const one of planted) {
    const { kind, metadata } = (one ?? {}) as Stored;
    if (typeof kind !== 'string' || typeof metadata?.name !== 'string') continue; // an API server does not store it
    const { name, namespace } = metadata;
    const known = fake.get(`${kind} ${namespace ? `${namespace}/` : ''}${name}`) ?? {};
    fake.put(mergePatch(known, one) as Stored);
  }
  const mesh = fakeMesh([fake], { rootNamespace: 'istio-system' });
  await healMarks(mesh, fake.cluster, { refused: () => undefined });
  if (fake.writes.length > 0)
    throw new TypeError(`Marks without a signature were believed: ${fake.writes.join('; ')}`);
}

const archives = mutatedBytes(
  fc
    .tuple(
      asJson(sampleSnapshot()),
      fc.constantFrom('snapshot.json', '../snapshot.json', '/etc/snapshot.json', 'x', 'snapshot.json/..'),
      fc.boolean(),
    )
    .map(([text, name, zipped]) => (zipped ? gzipSync(tarOf(name, text)) : tarOf(name, text))),
);

/** All readers of files and clusters that others may have written. */
export const targets: readonly Target[] = [
  target('topology', asYaml(topology), (text, sandbox) =>
    loadTopology(fileIn(sandbox, 'topology.yaml', text)),
  ),
  target('mesh', fc.oneof(asYaml(meshFile), asYaml(foreignMesh), namedMesh), (text, sandbox) => {
    const folder = stateFolder(loadMeshFile(fileIn(sandbox, 'mesh.yaml', text)));
    const state = join(sandbox.inner, 'state');
    if (![state, join(state, '.meshes')].includes(dirname(folder)))
      throw new TypeError(`The folder of a mesh is ${folder}.`);
  }),
  target('snapshot', asJson(sampleSnapshot()), async (text, sandbox) => {
    const snapshot = await readSnapshot(fileIn(sandbox, 'snapshot.json', text));
    judge(snapshot);
    inside(sandbox.inner, archiveName(snapshot));
  }),
  target('archive', archives, (bytes) => parseSnapshot(Buffer.from(bytes), 'archive.tar.gz')),
  target(
    'journal',
    entries(fc.constantFrom(entryFile, 'a.json', 'b.json', '.json'), asJson(entry)),
    readJournal,
  ),
  target(
    'lock',
    fc.record({
      found: entries(
        fc.constantFrom('1.1', '1.gone', '99999999.1.child', '7.7.child.x', 'notes'),
        fc.constant(''),
      ),
      isLink: fc.boolean(),
    }),
    readLock,
  ),
  target(
    'marks',
    fc.array(fc.constantFrom(...leftovers).chain(mutated), { minLength: 1, maxLength: 3 }),
    readMarks,
  ),
  target('report', asJson(sampleReport), async (text, { inner }) => {
    writeFileSync(join(inner, 'report.json'), text);
    reportHtml(await readReport(inner, 1), new Map());
  }),
  target('selftest', asJson(sampleSelftest), (text, sandbox) =>
    selftestHtml(readSelftest(fileIn(sandbox, 'selftest.json', text))),
  ),
];
