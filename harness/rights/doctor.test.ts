import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { loadMeshFile } from '../config/load.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
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

/** A cluster with every kind that the doctor wants, which answers 403 to what matches; it adds what it is asked for. */
const cluster =
  (forbidden: RegExp, asked: Asked[]): RequestListener =>
  (request, response) => {
    const upgrade = request.headers.upgrade !== undefined;
    asked.push(...askedBy({ method: request.method ?? '', path: request.url ?? '', upgrade }));
    const url = new URL(request.url ?? '', 'http://x');
    if (upgrade) response.destroy();
    else if (forbidden.test(url.pathname)) response.writeHead(403).end('{}');
    else response.end(JSON.stringify(answerTo(url) ?? {}));
  };

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
  const asked: Asked[] = [];
  await using servers = await startApiServers({ west: cluster(forbidden, asked) });
  const eastWestGateway = { address: '127.0.0.1', namespace: 'gateways' };
  const file = loadMeshFile(servers.meshFile({ west: { eastWestGateway } }));
  await using mesh = attach(file);
  const snapshot = await collectSnapshot(mesh, { meshproof: 'test' });
  await collectLogs(mesh, snapshot, { sinceMs: 1_000, linesPerContainer: 1, charactersPerContainer: 1 });
  return { asked, rights: rightsOf('gather', scopeOf(file, { eastWestGateway } as never)) };
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
