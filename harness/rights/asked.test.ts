import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askedBy } from './asked.ts';

const asked = (method: string, path: string, more: { upgrade?: boolean; status?: number } = {}) =>
  askedBy({ method, path, ...more }).map(({ verb, group, resource, namespace, name }) =>
    [verb, `${resource}.${group}`, namespace ?? '-', name ?? '-'].join(' '),
  );

test('a path is read as the API server reads it', () => {
  const cases: [method: string, path: string, expected: string][] = [
    ['GET', '/api/v1/pods', 'list pods. - -'],
    ['GET', '/api/v1/nodes/n1', 'get nodes. - n1'],
    ['GET', '/api/v1/namespaces', 'list namespaces. - -'],
    ['GET', '/api/v1/namespaces/a', 'get namespaces. a a'],
    ['DELETE', '/api/v1/namespaces/a', 'delete namespaces. a a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update namespaces/finalize. a a'],
    ['GET', '/api/v1/namespaces/a/secrets', 'list secrets. a -'],
    ['GET', '/api/v1/namespaces/a/secrets/s', 'get secrets. a s'],
    ['GET', '/api/v1/namespaces/a/pods/p/log?container=c', 'get pods/log. a p'],
    ['GET', '/apis/apps/v1/namespaces/a/deployments?watch=true', 'watch deployments.apps a -'],
    ['PUT', '/apis/apps/v1/namespaces/a/deployments/d/scale', 'update deployments/scale.apps a d'],
    ['POST', '/apis/apps/v1/namespaces/a/deployments', 'create deployments.apps a -'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/d', 'patch deployments.apps a d'],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', 'deletecollection deployments.apps a -'],
    ['GET', '/api/v1/configmaps?fieldSelector=metadata.name%3Dc', 'list configmaps. - c'],
    ['GET', '/api/v1/configmaps?fieldSelector=metadata.name!%3Dc', 'list configmaps. - -'],
    [
      'GET',
      '/api/v1/configmaps?fieldSelector=metadata.name%3Dc,metadata.namespace%3Dn',
      'list configmaps. - -',
    ],
  ];
  for (const [method, path, expected] of cases) assert.deepEqual(asked(method, path), [expected], path);
});

test('a path without an object asks for nothing that RBAC has to allow', () => {
  for (const path of ['/version', '/api', '/apis', '/api/v1', '/apis/apps/v1', '/apis/apps', '/readyz'])
    assert.deepEqual(asked('GET', path), [], path);
});

test('a websocket to a pod and an apply that creates an object ask for two verbs', () => {
  const forward = '/api/v1/namespaces/a/pods/p/portforward?ports=1';
  assert.deepEqual(asked('GET', forward, { upgrade: true }), [
    'get pods/portforward. a p',
    'create pods/portforward. a p',
  ]);
  const apply = '/api/v1/namespaces/a/services/s?fieldManager=meshproof';
  assert.deepEqual(asked('PATCH', apply, { status: 200 }), ['patch services. a s']);
  assert.deepEqual(asked('PATCH', apply, { status: 201 }), ['patch services. a s', 'create services. a s']);
});
