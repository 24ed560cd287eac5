import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allows, reachOf, requestsOf, wordRight, type Right } from './right.ts';
import { defaultScope, rightsOf, scopeOf, verbsWithRights } from './verbs.ts';

const right = (more: Partial<Right> = {}): Right => ({
  ...{ verbs: ['get'], group: '', resource: 'secrets', lost: 'x' },
  ...more,
});
const asked = { verb: 'get', group: '', resource: 'secrets', namespace: 'a', name: 's' } as const;

test('a right allows what its verb, resource, namespace and names say, and nothing else', () => {
  assert.ok(allows(right(), asked));
  assert.ok(allows(right({ namespace: 'a', names: ['s'] }), asked));
  const others = [
    { verbs: ['list'] },
    { group: 'apps' },
    { resource: 'secrets/status' },
    { namespace: 'b' },
    { names: ['t'] },
  ] as const;
  for (const other of others) assert.ok(!allows(right(other), asked), JSON.stringify(other));
  const everywhere = { verb: 'get', group: '', resource: 'secrets' } as const;
  assert.ok(!allows(right({ namespace: 'a' }), everywhere), 'one namespace is not all');
  assert.ok(!allows(right({ names: ['s'] }), everywhere), 'one name is not all');
});

test('each right is given once, and no verb uses a wildcard', () => {
  for (const verb of verbsWithRights) {
    const rights = rightsOf(verb, defaultScope);
    assert.ok(rights.length > 0, verb);
    for (const one of rights) {
      const words = `${verb}: ${wordRight(one)}`;
      assert.ok(![...one.verbs, one.group, one.resource, ...(one.names ?? [])].join().includes('*'), words);
      const others = rights.filter((other) => other !== one && other.optional === undefined);
      for (const request of requestsOf(one))
        assert.ok(!others.some((other) => allows(other, request)), `${words} is given twice`);
    }
  }
});

test('only doctor and gather ask for rights in namespaces that are not known, and only as optional roles', () => {
  const far = new Set(['secrets', 'pods/portforward', 'pods/log']);
  for (const verb of verbsWithRights)
    for (const one of rightsOf(verb, defaultScope)) {
      if (one.namespace !== undefined) continue;
      assert.equal(one.optional !== undefined, far.has(one.resource), `${verb}: ${wordRight(one)}`);
    }
});

test('doctor and gather change nothing', () => {
  for (const verb of ['doctor', 'gather'] as const)
    for (const one of rightsOf(verb, defaultScope)) {
      const changes = one.verbs.filter((each) => !['get', 'list'].includes(each));
      // `create` is how Kubernetes authorizes the websocket of a port forward.
      assert.deepEqual(changes, one.resource === 'pods/portforward' ? ['create'] : [], wordRight(one));
    }
});

test('the gateway’s own namespace gets its rights, and a shared one gets them once', () => {
  const file = { rootNamespace: 'istio', namespace: 'own' };
  const gateway = { address: '1.1.1.1', port: 1, deployment: 'd', namespace: 'gw' };
  const places = (scope: Parameters<typeof rightsOf>[1]) =>
    rightsOf('doctor', scope)
      .filter(({ resource }) => resource === 'pods/portforward')
      .map(({ namespace }) => namespace);
  assert.deepEqual(places(scopeOf(file, { eastWestGateway: gateway })), ['istio', 'gw', 'own', undefined]);
  assert.deepEqual(places(scopeOf(file, {})), ['istio', 'own', undefined]);
});

test('rights that give more than their name say so', () => {
  const said = (more: Partial<Right>) => reachOf(right(more)).join('; ');
  assert.match(said({ namespace: 'a' }), /^reads every Secret in a with its content/);
  assert.match(said({ verbs: ['create'] }), /^gets tokens of every ServiceAccount/);
  assert.match(said({ resource: 'configmaps', verbs: ['patch'] }), /configure the mesh/);
  assert.match(said({ resource: 'pods/portforward' }), /any port of any pod in every namespace/);
  assert.match(said({ resource: 'deployments', verbs: ['patch'] }), /rights of any ServiceAccount/);
  assert.equal(said({ verbs: ['delete'] }), '');
  assert.equal(said({ resource: 'configmaps' }), '');
  assert.equal(said({ resource: 'nodes' }), '');
});
