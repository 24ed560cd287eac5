import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { anyCharacter } from '../base/any-character.ts';
import {
  completeMesh,
  parsePartialMesh,
  loadMeshFile,
  loadTopology,
  parseMeshFile,
  parseTopology,
} from './load.ts';
import { InvalidFile, largestFileBytes } from './parse-file.ts';

const westEast = path.join(import.meta.dirname, '../../clusters/topologies/west-east.yaml');
const good = `apiVersion: meshproof.dev/v1
kind: Topology
meshId: m
trust:
  root: { key: ecdsa-p256, validDays: 20 }
  intermediate: { key: ecdsa-p256, validDays: 10 }
networks:
  - name: west-net
    subnet: 172.30.0.0/24
  - name: east-net
    subnet: 172.30.1.0/24
link:
  forwards:
    - { port: 15443, purpose: data }
    - { port: 6443, purpose: discovery }
clusters:
  - { name: west, network: west-net, region: rw, zone: zw, ingress: true }
  - { name: east, network: east-net, region: re, zone: ze }
workloads:
  - service: catalog
    pods: { west: 2, east: 2 }
`;

const goodMesh = `apiVersion: meshproof.dev/v1
kind: Mesh
meshId: m
clusters:
  - { name: west, context: west, network: n, region: rw, zone: zw, kubeconfig: kube/west }
  - { name: east, context: east, network: n, region: re, zone: ze, kubeconfig: ~/.kube/config }
services:
  - { name: catalog, pods: { west: 1 } }
`;

/** The message for a text that must not be accepted. */
function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof InvalidFile, `another error: ${String(error)}`);
    return error.message;
  }
  return assert.fail('it was accepted');
}

/** The good topology with one text replaced, which must be there. */
function changed(from: string, to: string, text = good): string {
  assert.ok(text.includes(from), from);
  return text.replace(from, to);
}

test('good files load, with their defaults', () => {
  assert.equal(loadTopology(westEast).clusters[0]?.name, 'west');
  const topology = parseTopology(good, 'good.yaml');
  assert.deepEqual(
    [topology.trust.domain, topology.clusters[1]?.role, topology.clusters[1]?.nodes],
    ['cluster.local', 'primary', 1],
  );
});

const badTopologies: [name: string, from: string, to: string, message: string][] = [
  [
    'two clusters of one name',
    '\nworkloads:',
    '\n  - { name: west, network: west-net, region: r, zone: z }\nworkloads:',
    'f.yaml:19:13 clusters[2].name: "west" is used twice; give each its own (first at line 17)',
  ],
  [
    'two networks of one name',
    '\nlink:',
    '\n  - name: west-net\nlink:',
    'f.yaml:12:11 networks[2].name: "west-net" is used twice; give each its own (first at line 8)',
  ],
  [
    'two services of one name',
    'workloads:\n',
    'workloads:\n  - { service: catalog, pods: {} }\n',
    'f.yaml:21:14 workloads[1].service: "catalog" is used twice; give each its own (first at line 20)',
  ],
  [
    'unknown network',
    'network: east-net',
    'network: east-ent',
    'f.yaml:18:28 clusters[1].network: network "east-ent" does not exist; did you mean "east-net"?',
  ],
  [
    'overlapping subnets',
    '172.30.1.0/24',
    '172.30.0.128/25',
    'f.yaml:11:13 networks[1].subnet: "172.30.0.128/25" overlaps network "west-net" (172.30.0.0/24): choose another, or auto (first at line 9)',
  ],
  [
    'subnet over the pods',
    '172.30.1.0/24',
    '10.244.9.0/24',
    'f.yaml:11:13 networks[1].subnet: "10.244.9.0/24" overlaps the pods of every cluster (10.244.0.0/16): choose another, or auto',
  ],
  [
    'subnet too small',
    '172.30.1.0/24',
    '172.30.1.0/29',
    '"172.30.1.0/29" has too few addresses for nodes and link: /28 is the smallest',
  ],
  [
    'host bits',
    '172.30.1.0/24',
    '172.30.1.7/24',
    '"172.30.1.7/24" is an address in a subnet; the subnet is 172.30.1.0/24',
  ],
  [
    'no subnet',
    '172.30.1.0/24',
    '172.30.1.0/33',
    'f.yaml:11:13 networks[1].subnet: "172.30.1.0/33" must be an IPv4 subnet such as 172.30.0.0/24',
  ],
  [
    'unknown cluster',
    'west: 2,',
    'wets: 2,',
    'f.yaml:21:13 workloads[0].pods.wets: cluster "wets" does not exist; did you mean "west"?',
  ],
  [
    'remote without control plane',
    'name: east,',
    'name: east, role: remote,',
    'f.yaml:18:5 clusters[1].controlPlane: is missing: a remote cluster names the cluster whose istiod serves it',
  ],
  [
    'remote served by a remote',
    'name: east,',
    'name: east, role: remote, controlPlane: east,',
    'clusters[1].controlPlane: "east" is a remote cluster and has no istiod of its own; name "west"',
  ],
  [
    'remote without a primary',
    'name: east,',
    'name: east, role: remote, controlPlane: north,',
    'cluster "north" does not exist; known are "west"',
  ],
  [
    'primary with a control plane',
    'name: east,',
    'name: east, controlPlane: west,',
    'f.yaml:18:19 clusters[1].controlPlane: only a remote cluster has one, and this one is primary',
  ],
  [
    'pods on an external control plane',
    'name: east,',
    'name: east, role: external,',
    '"east" runs a control plane only: move these pods to another cluster',
  ],
  [
    'missing region',
    ' region: re,',
    '',
    'f.yaml:18:5 clusters[1].region: is missing: topology.kubernetes.io/region of its nodes',
  ],
  [
    'intermediate outlives root',
    'validDays: 10',
    'validDays: 30',
    "f.yaml:6:47 trust.intermediate.validDays: 30 days outlive the root's 20",
  ],
  [
    'intermediate as long as root',
    'validDays: 10',
    'validDays: 20',
    'give it fewer days than trust.root.validDays',
  ],
  [
    'no ingress',
    ', ingress: true',
    '',
    'clusters: none has an ingress gateway, so nothing could call in: set `ingress: true` on one',
  ],
  [
    'no data port',
    '    - { port: 15443, purpose: data }\n',
    '',
    'link.forwards: no port is for data, so no request could cross to another network: add `{ port: 15443, purpose: data }`',
  ],
  ['no discovery port', '    - { port: 6443, purpose: discovery }\n', '', 'no port is for discovery'],
  [
    'port twice',
    'port: 6443',
    'port: 15443',
    'f.yaml:15:15 link.forwards[1].port: 15443 is forwarded twice; keep one (first at line 14)',
  ],
  [
    'misspelt field',
    'region: re',
    'regoin: re',
    'f.yaml:18:38 clusters[1].regoin: unknown field `regoin`, did you mean `region`?',
  ],
  [
    'unknown field',
    'region: re',
    'region: re, colour: red',
    'clusters[1].colour: unknown field `colour`: remove it; known are `name`, `role`',
  ],
  [
    'duplicate field',
    'meshId: m\n',
    'meshId: m\nmeshId: n\n',
    'f.yaml:4:1 `meshId` is given twice: keep one of them (first at line 3)',
  ],
  ['wrong type', 'meshId: m', 'meshId: 7', 'f.yaml:3:9 meshId: 7 must be text: put it in quotes'],
  ['empty value', 'meshId: m', 'meshId:', 'f.yaml:3:1 meshId: is empty, but must be text'],
  [
    'misspelt value',
    'key: ecdsa-p256, validDays: 20',
    'key: ecdsa-p265, validDays: 20',
    'did you mean `ecdsa-p256`?',
  ],
  [
    'another kind',
    'kind: Topology',
    'kind: Mesh',
    'f.yaml:2:7 kind: "Mesh" is not "Topology": this is another kind of file; a topology is wanted',
  ],
  [
    'another version',
    'meshproof.dev/v1',
    'meshproof.dev/v2',
    'f.yaml:1:13 apiVersion: "meshproof.dev/v2" must be `meshproof.dev/v1`',
  ],
  [
    'two documents',
    'workloads:',
    '---\nworkloads:',
    'f.yaml:19:1 a second document begins here: keep one document in a file',
  ],
  ['tab', '  - service', '\t- service', 'f.yaml:20:1 this is not YAML: Tabs are not allowed as indentation'],
  ['unclosed list', '{ west: 2, east: 2 }', '{ west: 2, east: 2', 'f.yaml:22:1 this is not YAML'],
  ['unknown tag', 'meshId: m', 'meshId: !secret m', 'f.yaml:3:9 this is not YAML: Unresolved tag: !secret'],
];

for (const [name, from, to, message] of badTopologies) {
  test(`a bad topology: ${name}`, () => {
    const seen = complaint(() => parseTopology(changed(from, to), 'f.yaml'));
    assert.ok(seen.includes(message), `${seen}\ndoes not say\n${message}`);
    assert.equal(seen.split('\n').length, 1, `one mistake, one problem:\n${seen}`);
  });
}

test('all problems are listed, in the order of the file', () => {
  const bad = changed('meshId: m', 'meshId: M')
    .replace('region: re', 'regoin: re')
    .replace('validDays: 20', 'validDays: 0');
  const lines = complaint(() => parseTopology(bad, 'f.yaml')).split('\n');
  assert.deepEqual(
    lines.map((line) => /^f\.yaml:\d+:\d+ [^:]+/.exec(line)?.[0]),
    ['f.yaml:3:9 meshId', 'f.yaml:5:39 trust.root.validDays', 'f.yaml:18:38 clusters[1].regoin'],
  );
});

test('problems between fields are in the order of the file too', () => {
  const bad = changed('network: east-net', 'network: none').replace('validDays: 10', 'validDays: 30');
  const seen = complaint(() => parseTopology(bad.replace('172.30.1.0/24', '172.30.1.0/30'), 'f.yaml'));
  assert.deepEqual(seen.match(/^f\.yaml:\d+/gm), ['f.yaml:6', 'f.yaml:11', 'f.yaml:18']);
});

test('one network needs no link between networks', () => {
  const text = good.replace('network: east-net', 'network: west-net').replace(/ {4}- \{ port: 15443.*\n/, '');
  assert.equal(parseTopology(text, 'f.yaml').clusters.length, 2);
});

test('only the first 20 problems are worded', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => `regionn${i}: x`).join('\n');
  const seen = complaint(() => parseTopology(`${good}${many}\n`, 'f.yaml')).split('\n');
  assert.equal(seen.length, 21);
  assert.equal(seen[20], 'and 4980 more');
  const pods = Array.from({ length: 5_000 }, (_, i) => `wset${i}: 1`).join(', ');
  assert.match(
    complaint(() => parseTopology(changed('west: 2, east: 2', pods), 'f.yaml')),
    /cluster "wset0" does not exist[^]*and 4980 more$/,
  );
});

test('a long word is cut in messages', () => {
  const long = 'x'.repeat(20_000);
  for (const text of [
    changed('region: re', `${long}: re`),
    changed('region: re', `region: ${long}`),
    changed('meshId: m', `meshId: [${long}]`),
    changed('network: east-net', `network: ${long}`),
    changed('meshId: m', `meshId: m\n${long}: 1\n${long}: 1`),
    changed('kind: Topology', `kind: ${long}`),
    changed('west: 2,', `${long}: 2,`),
    long,
    `- ${long}: [`,
    changed('meshId: m', `meshId: !${long} m`),
    changed('meshId: m', `meshId: *${long}`),
  ])
    assert.match(
      complaint(() => parseTopology(text, 'f.yaml')),
      /^[^]{1,1000}$/,
    );
});

/** Texts of the largest size that is read, each costly for a parser or a schema in its own way. */
const costly: [name: string, text: string][] = [
  ['[', '['.repeat(largestFileBytes)],
  ['- ', '- '.repeat(largestFileBytes / 2)],
  ['? ', '? '.repeat(largestFileBytes / 2)],
  ['a list', `[${'a,'.repeat(largestFileBytes / 2 - 4)}a]`],
  ['many lists', '- []\n'.repeat(largestFileBytes / 5)],
  ['unknown fields', `${good}${Array.from({ length: 18_000 }, (_, i) => `regn${i}: 1`).join('\n')}`],
  ['one field again and again', 'a: 1\n'.repeat(largestFileBytes / 5)],
  ['clusters', `${good.replace(/clusters:[^]*/, 'clusters:\n')}${'  - {}\n'.repeat(largestFileBytes / 8)}`],
  ['errors', '- ]\n'.repeat(largestFileBytes / 4)],
  ['comments', '# a\n'.repeat(largestFileBytes / 4)],
  ['tags', '- !!str a\n'.repeat(largestFileBytes / 10)],
  ['anchors', '- &a a\n'.repeat(largestFileBytes / 7)],
  ['aliases', `- &a a\n${'- *a\n'.repeat(largestFileBytes / 6)}`],
  ['aliases of a list', `- &a [${'a,'.repeat(9_000)}a]\n${'- *a\n'.repeat(99)}`],
  ['an alias of itself', 'a: &a [*a, *a]'],
  ['quotes', '"'.repeat(largestFileBytes)],
  ['one word', 'x'.repeat(largestFileBytes)],
  ['documents', '---\n'.repeat(largestFileBytes / 4)],
  ['directives', '%A\n'.repeat(largestFileBytes / 3)],
  ['8,000 unknown fields', `${good}${Array.from({ length: 8_000 }, (_, i) => `regn${i}: 1`).join('\n')}`],
  ['8,000 times one field', 'a: 1\n'.repeat(8_000)],
  ['9,000 empty clusters', `${good.replace(/clusters:[^]*/, 'clusters:\n')}${'  - {}\n'.repeat(9_000)}`],
  [
    '9,000 long names',
    changed('west: 2', Array.from({ length: 9_000 }, (_, i) => `${'w'.repeat(30)}${i}: 2`).join(', ')),
  ],
  ['14,000 errors', '- ]\n'.repeat(14_000)],
  ['14,000 documents', '---\n'.repeat(14_000)],
  [
    '600 clusters',
    changed(
      '\nworkloads',
      `\n${'  - { name: west, network: n, region: r, zone: z }\n'.repeat(600)}workloads`,
    ),
  ],
];

test('any file up to the limit takes less than 5 s of processor time and 1 GB', { timeout: 120_000 }, () => {
  for (const [name, text] of costly) {
    const began = process.cpuUsage();
    const message = complaint(() => parseTopology(text, 'f.yaml'));
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 5e6, `${name}: ${(user + system) / 1e6} s`);
    assert.ok(message.length < 10_000, `${name}: a message of ${message.length} characters`);
  }
  assert.ok(process.resourceUsage().maxRSS < 1e6, `${process.resourceUsage().maxRSS} kB`);
});

test('another kind of text is refused by name', () => {
  const cases: [string, RegExp][] = [
    ['', /^f\.yaml: is empty; a topology is wanted, such as clusters/],
    ['# nothing\n', /is empty/],
    ['hello', /^f\.yaml:1:1 holds a string, not fields/],
    ['- 1', /holds a list, not fields/],
    ['\u0000\u0001', /f\.yaml/],
    ['['.repeat(200_000), /f\.yaml/],
    [
      'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c]',
      /repeated aliases/,
    ],
  ];
  for (const [text, message] of cases)
    assert.match(
      complaint(() => parseTopology(text, 'f.yaml')),
      message,
    );
});

test('a file that cannot be read is refused by name', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'meshproof-load-'));
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  assert.match(
    complaint(() => loadTopology(folder)),
    /is a directory; a topology is wanted/,
  );
  assert.match(
    complaint(() => loadTopology(path.join(folder, 'nope.yaml'))),
    /nope\.yaml: no such file; a topology is wanted/,
  );
  assert.match(
    complaint(() => loadMeshFile(path.join(folder, 'nope.yaml'))),
    /no such file; a mesh file is wanted: `meshproof up`/,
  );
  assert.match(
    complaint(() => loadTopology('/dev/null')),
    /is not a regular file/,
  );
  assert.match(
    complaint(() => loadTopology(file('big.yaml', 'x'.repeat(largestFileBytes + 1)))),
    /has 1048577 bytes, more than the limit/,
  );
  assert.match(
    complaint(() => loadTopology(file('bytes.yaml', Buffer.from([0xff, 0xfe, 0x00])))),
    /is not UTF-8 text/,
  );
  assert.match(
    complaint(() => loadTopology(path.join(westEast, 'x'))),
    /cannot be read \(ENOTDIR\)/,
  );
  rmSync(folder, { recursive: true });
});

test('paths in a mesh file are relative to it, and ~ is the home folder', () => {
  const mesh = parseMeshFile(goodMesh, '/labs/one/mesh.yaml');
  assert.deepEqual(
    mesh.clusters.map(({ kubeconfig }) => kubeconfig),
    ['/labs/one/kube/west', path.join(homedir(), '.kube/config')],
  );
  const withLab = `${goodMesh}lab: { name: l, topology: ../t.yaml, engine: unix:///x, link: l, images: registry }\n`;
  assert.equal(parseMeshFile(withLab, '/labs/one/mesh.yaml').lab?.topology, '/labs/t.yaml');
});

test('bad mesh files', () => {
  const cases: [string, string, RegExp][] = [
    ['name: east', 'name: west', /clusters\[1\]\.name: "west" is used twice.*first at line 5/],
    [
      'pods: { west: 1 }',
      'pods: { north: 1 }',
      /services\[0\]\.pods\.north: cluster "north" does not exist; known are "west", "east"/,
    ],
    ['kind: Mesh', 'kind: Topology', /a mesh file is wanted/],
    ['context: east, ', '', /clusters\[1\]\.context: is missing: Context in that kubeconfig/],
  ];
  for (const [from, to, message] of cases) {
    assert.match(
      complaint(() => parseMeshFile(changed(from, to, goodMesh), 'm.yaml')),
      message,
    );
  }
});

test('a mesh file that only lacks fields loads for the doctor, and a run names them and `meshproof init`', () => {
  const short =
    'apiVersion: meshproof.dev/v1\nkind: Mesh\nclusters: [{ context: west }, { context: east }]\n';
  assert.equal(parsePartialMesh(short, 'm.yaml').clusters.length, 2);
  assert.equal(completeMesh(parsePartialMesh(short, 'm.yaml')), undefined);
  assert.deepEqual(completeMesh(parsePartialMesh(goodMesh, '/m.yaml')), parseMeshFile(goodMesh, '/m.yaml'));
  const words = complaint(() => parseMeshFile(short, 'm.yaml'));
  assert.match(words, /services: is missing[^]*clusters\[1\]\.region: is missing[^]*run `meshproof init`/);
  const misspelt = complaint(() =>
    parseMeshFile(changed('role: ', 'roel: ', short.replace('west }', 'west, role: x }')), 'm.yaml'),
  );
  assert.doesNotMatch(misspelt, /meshproof init/);
});

test('one context is one cluster, unless it is of another kubeconfig', () => {
  const oneName = changed('context: east', 'context: west', goodMesh);
  assert.equal(parseMeshFile(oneName, 'm.yaml').clusters.length, 2);
  const same = changed('~/.kube/config', 'kube/west', oneName);
  assert.match(
    complaint(() => parseMeshFile(same, 'm.yaml')),
    /clusters\[1\]\.context: "west" is also the context of another/,
  );
});

/** A topology or InvalidFile with a place; anything else is a crash. */
function survives(text: string): void {
  try {
    parseTopology(text, 'f.yaml');
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    assert.ok(error.problems.length > 0);
    for (const { line, column } of error.problems)
      assert.ok(line === undefined || (line >= 1 && (column ?? 0) >= 1));
  }
}

test('any text gives a topology or InvalidFile', () => {
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 200 }), survives), { numRuns: 500 });
  const fragments = [
    'a',
    ':',
    ' ',
    '\n',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '<<',
    '? ',
    '|',
    '!!map',
    '---',
    '__proto__',
    '#',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...fragments)), (parts) => survives(parts.join(''))),
    { numRuns: 1000 },
  );
});

test('a good topology damaged anywhere gives a topology or InvalidFile', () => {
  const text = readFileSync(westEast, 'utf8');
  const place = fc.integer({ min: 0, max: text.length });
  fc.assert(
    fc.property(place, fc.integer({ min: 0, max: 12 }), fc.string({ maxLength: 6 }), (at, cut, put) => {
      survives(text.slice(0, at) + put + text.slice(at + cut));
    }),
    { numRuns: 500 },
  );
});

test('any value in the place of any field gives a topology or InvalidFile', () => {
  const fields = [
    ['meshId'],
    ['trust'],
    ['trust', 'root', 'validDays'],
    ['networks'],
    ['networks', 0],
    ['networks', 0, 'subnet'],
    ['link', 'forwards'],
    ['clusters'],
    ['clusters', 1, 'role'],
    ['istio', 'values'],
    ['workloads', 0, 'pods'],
  ];
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
      const topology: unknown = parse(good);
      let at = topology as Record<string | number, unknown>;
      for (const part of field.slice(0, -1)) at = (at[part] ??= {}) as Record<string | number, unknown>;
      at[field.at(-1) ?? ''] = value;
      survives(stringify(topology));
    }),
    { numRuns: 500 },
  );
});
