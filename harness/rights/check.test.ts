import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { openClusterApi } from '../kube/cluster-api.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { checkRights } from './check.ts';
import type { Right } from './right.ts';

const rights: Right[] = [
  { verbs: ['list'], group: '', resource: 'nodes', lost: 'nodes' },
  { verbs: ['get', 'create'], group: '', resource: 'pods/portforward', namespace: 'a', lost: 'forwards' },
  { verbs: ['get'], group: 'apps', resource: 'deployments', names: ['x', 'y'], lost: 'deployments' },
];

async function against(listener: RequestListener) {
  await using servers = await startApiServers({ c: listener });
  const checked = await checkRights(openClusterApi('c', 'c', servers.kubeconfig).config, rights);
  return { ...checked, has: checked.rights.map(({ has }) => has) };
}

/** Answers reviews; `allowed` decides by verb, resource with its subresource, and name. */
const reviewer =
  (allowed: (words: string) => boolean): RequestListener =>
  (request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      assert.equal(request.url, '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews');
      const { verb, resource, subresource = '', name = '' } = JSON.parse(body).spec.resourceAttributes;
      const words = [verb, resource, subresource, name].join(' ');
      response.end(JSON.stringify({ status: { allowed: allowed(words) } }));
    });
  };

test('an account that may do everything has every right', async () => {
  assert.deepEqual((await against(reviewer(() => true))).has, [true, true, true]);
});

test('a right is lacking if one verb, subresource or name of it is refused', async () => {
  const without = async (refused: string) => (await against(reviewer((words) => words !== refused))).has;
  assert.deepEqual(await without('list nodes  '), [false, true, true]);
  assert.deepEqual(await without('create pods portforward '), [true, false, true]);
  assert.deepEqual(await without('get deployments  y'), [true, true, false]);
});

test('a server that refuses or breaks off the question leaves the right open, with the reason', async () => {
  const refused = await against((_, response) =>
    response.writeHead(403).end('{"message":"reviews are forbidden"}'),
  );
  assert.deepEqual(refused.has, [undefined, undefined, undefined]);
  assert.match(refused.problem ?? '', /status 403, reviews are forbidden/);
  const broken = await against((request) => request.socket.destroy());
  assert.deepEqual(broken.has, [undefined, undefined, undefined]);
  const odd = await against((_, response) => response.end('{"status":{}}'));
  assert.deepEqual(odd.has, [undefined, undefined, undefined]);
  assert.match(odd.problem ?? '', /without a status/);
});

test('a silent server is given 5 s for all rights together', async () => {
  const began = performance.now();
  const { has, problem } = await against(() => undefined);
  const tookMs = performance.now() - began;
  assert.deepEqual(has, [undefined, undefined, undefined]);
  assert.match(problem ?? '', /5000 ms/);
  assert.ok(tookMs > 4_900 && tookMs < 7_000, `${tookMs} ms`);
});
