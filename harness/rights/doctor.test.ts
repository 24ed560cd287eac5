import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { parseMeshFile } from '../config/load.ts';
import { attach } from '../mesh/attach.ts';
import { collectSnapshot } from '../snapshot/collect.ts';
import { keptFields } from '../snapshot/kept-fields.ts';
import { collectLogs } from '../snapshot/logs.ts';
import { answer } from '../snapshot/sample/planted-cluster.ts';
import { askedBy } from './asked.ts';
import { pluralOf } from './doctor.ts';
import { allows, requestsOf, wordRight, type Asked } from './right.ts';
import { rightsOf, scopeOf } from './verbs.ts';

const podOf = (namespace: string, name: string, labels: object, container: string, type = 'sidecar') => ({
  metadata: { namespace, name, labels },
  spec: { nodeName: 'n', containers: [{ name: container, image: 'x:1', args: ['proxy', type] }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});
/** An istiod, a gateway, a proxy of meshproof and one of another owner, each in its own namespace. */
const pods = [
  podOf('istio-system', 'istiod', { app: 'istiod' }, 'discovery'),
  podOf('gateways', 'gateway', { istio: 'eastwestgateway' }, 'istio-proxy', 'router'),
  podOf('meshproof', 'own', { app: 'own' }, 'istio-proxy'),
  podOf('shop', 'cart', { app: 'cart' }, 'istio-proxy'),
];

const serviceOf = (namespace: string, name: string) => ({
  metadata: { namespace, name },
  spec: { selector: { app: name }, ports: [] },
  status: {},
});

const gateway = {
  metadata: { namespace: 'gateways', name: 'istio-eastwestgateway' },
  spec: { selector: { matchLabels: { istio: 'eastwestgateway' } }, template: { metadata: {} } },
  status: {},
};

/** A cluster with every kind that the doctor wants, which answers 403 to what matches; and what it is asked for. */
async function cluster(forbidden: RegExp) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const upgrade = request.headers.upgrade !== undefined;
    asked.push(...askedBy({ method: request.method ?? '', path: request.url ?? '', upgrade }));
    const url = new URL(request.url ?? '', 'http://x');
    if (upgrade) return void response.destroy();
    if (forbidden.test(url.pathname)) return void response.writeHead(403).end('{}');
    response.end(JSON.stringify(answerTo(url) ?? {}));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function answerTo(url: URL): unknown {
  const [, apis, group = '', version, ...rest] = url.pathname.split('/');
  if (url.pathname === '/apis')
    return { groups: Object.keys(keptFields).map((name) => ({ name, versions: [{ version: 'v1' }] })) };
  if (apis === 'apis' && version !== undefined && rest.length === 0)
    return {
      resources: Object.keys(keptFields[group] ?? {}).map((kind) => ({ kind, name: pluralOf(kind) })),
    };
  if (url.pathname.endsWith('/pods')) return { items: pods };
  if (url.pathname.endsWith('/services'))
    return { items: [serviceOf('meshproof', 'own'), serviceOf('shop', 'cart')] };
  if (url.pathname.endsWith('/deployments')) return { items: [gateway] };
  return answer(url);
}

/** Takes a snapshot and logs of such a cluster, as `gather` does. @returns what it was asked for. */
async function askedFor(forbidden: RegExp): Promise<{ asked: Asked[]; rights: ReturnType<typeof rightsOf> }> {
  const { server, asked, url } = await cluster(forbidden);
  const folder = mkdtempSync(path.join(tmpdir(), 'meshproof-rights-'));
  try {
    const kubeconfig = {
      clusters: [{ name: 'c', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token: 't' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    };
    writeFileSync(path.join(folder, 'k'), stringify(kubeconfig));
    const eastWestGateway = { address: '127.0.0.1', namespace: 'gateways' };
    const west = { name: 'west', kubeconfig: './k', context: 'x', network: 'n', region: 'r', zone: 'z' };
    const text = stringify({
      ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'm' },
      clusters: [{ ...west, eastWestGateway }],
      services: [{ name: 'probe', pods: { west: 1 } }],
    });
    const file = parseMeshFile(text, path.join(folder, 'mesh.yaml'));
    await using mesh = attach(file);
    const snapshot = await collectSnapshot(mesh, { meshproof: 'test' });
    await collectLogs(mesh, snapshot, { sinceMs: 1_000, linesPerContainer: 1, charactersPerContainer: 1 });
    return { asked, rights: rightsOf('gather', scopeOf(file, { eastWestGateway } as never)) };
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const words = ({ verb, group, resource, namespace, name }: Asked) =>
  `${verb} ${resource}.${group} ${namespace ?? '-'} ${name ?? '-'}`;

test('a snapshot and its logs ask for nothing that is not declared', async () => {
  for (const forbidden of [/never/, /^\/api\/v1\/secrets/]) {
    const { asked, rights } = await askedFor(forbidden);
    const undeclared = asked.filter((one) => !rights.some((right) => allows(right, one)));
    assert.deepEqual(undeclared.map(words), []);
  }
});

test('every declared right is asked for, if only where another one is refused', async () => {
  const [all, refused] = [await askedFor(/never/), await askedFor(/^\/api\/v1\/secrets/)];
  const asked = [...all.asked, ...refused.asked];
  const unasked = all.rights.filter((right) =>
    requestsOf(right).some(({ verb }) => !asked.some((one) => one.verb === verb && allows(right, one))),
  );
  assert.deepEqual(unasked.map(wordRight), []);
});
