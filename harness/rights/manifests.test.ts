import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rightsManifests, rulesOf } from './manifests.ts';
import { allows, requestsOf, type Asked, type Right } from './right.ts';
import { defaultScope, rightsOf, verbsWithRights } from './verbs.ts';

const account = { namespace: 'istio-system', name: 'reader' };

test('the account comes first, and each role is followed by its binding to the account', () => {
  const [first, ...rest] = rightsManifests('meshproof-doctor', rightsOf('doctor', defaultScope), account);
  assert.deepEqual([first?.object.kind, first?.object.metadata?.name], ['ServiceAccount', 'reader']);
  const named = rest.map(
    ({ object: { kind, metadata } }) => `${kind} ${metadata?.namespace ?? '-'} ${metadata?.name}`,
  );
  assert.deepEqual(named, [
    'ClusterRole - meshproof-doctor',
    'ClusterRoleBinding - meshproof-doctor',
    'Role istio-system meshproof-doctor',
    'RoleBinding istio-system meshproof-doctor',
    'ClusterRole - meshproof-doctor-all-secrets',
    'ClusterRoleBinding - meshproof-doctor-all-secrets',
    'Role meshproof meshproof-doctor',
    'RoleBinding meshproof meshproof-doctor',
    'ClusterRole - meshproof-doctor-all-proxies',
    'ClusterRoleBinding - meshproof-doctor-all-proxies',
  ]);
  for (const { object } of rest)
    if ('roleRef' in object)
      assert.deepEqual(
        [object.roleRef.name, object.subjects],
        [object.metadata?.name, [{ kind: 'ServiceAccount', ...account }]],
      );
});

test('the rules give exactly the rights', () => {
  for (const verb of verbsWithRights) {
    const rights = rightsOf(verb, defaultScope);
    const manifests = rightsManifests('x', rights, account);
    const given = manifests.flatMap(({ object }): Right[] =>
      'rules' in object
        ? (object.rules ?? []).flatMap(({ apiGroups = [], resources = [], resourceNames, verbs }) =>
            resources.map((resource) => ({
              ...{ verbs: verbs as Right['verbs'], group: apiGroups[0] ?? '', resource, lost: '' },
              ...(object.metadata?.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
              ...(resourceNames === undefined ? {} : { names: resourceNames }),
            })),
          )
        : [],
    );
    const covers = (all: readonly Right[], asked: Asked) => all.some((one) => allows(one, asked));
    for (const asked of rights.flatMap(requestsOf)) assert.ok(covers(given, asked), JSON.stringify(asked));
    for (const asked of given.flatMap(requestsOf)) assert.ok(covers(rights, asked), JSON.stringify(asked));
  }
});

test('a rule joins resources with the same verbs, and keeps names apart', () => {
  const right = (resource: string, more: Partial<Right> = {}): Right => ({
    ...{ verbs: ['get'], group: '', resource, lost: '' },
    ...more,
  });
  const rules = rulesOf([
    right('a'),
    right('b'),
    right('a', { verbs: ['list'] }),
    right('c', { names: ['n'] }),
  ]);
  assert.deepEqual(rules, [
    { apiGroups: [''], resources: ['a'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['b'], verbs: ['get'] },
    { apiGroups: [''], resources: ['c'], resourceNames: ['n'], verbs: ['get'] },
  ]);
});

test('a role that gives more than it seems has a caution, an optional one says so', () => {
  const manifests = rightsManifests('d', rightsOf('doctor', defaultScope), account);
  const notes = new Map(
    manifests.map(({ object: { kind, metadata }, notes }) => [`${kind} ${metadata?.name}`, notes]),
  );
  assert.deepEqual(notes.get('ClusterRole d'), []);
  assert.match(
    notes.get('ClusterRole d-all-secrets')?.join(' ') ?? '',
    /^Optional\. .*Caution: .*every namespace/,
  );
});
