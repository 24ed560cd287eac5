import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../kube/exec.ts';
import { markOf } from '../mesh/propagation.ts';
import { parseManifests } from './apply.ts';

test('YAML of several documents and objects become labelled objects of our namespace', () => {
  const yaml = `
apiVersion: v1
kind: ConfigMap
metadata: { name: a }
---
---
apiVersion: v1
kind: ConfigMap
metadata: { name: b, namespace: other, labels: { x: "1" } }
`;
  const namespaceObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'guest' } };
  const objects = parseManifests([yaml, namespaceObject], 'meshproof');
  assert.deepEqual(
    objects.map((object) => [object.metadata?.namespace, object.metadata?.name]),
    [
      ['meshproof', 'a'],
      ['other', 'b'],
      [undefined, 'guest'],
    ],
  );
  assert.deepEqual(objects[1]?.metadata?.labels, {
    x: '1',
    'app.kubernetes.io/managed-by': 'meshproof',
    'meshproof.dev/scope': 'test',
  });
});

test('a text that is not YAML, or not a Kubernetes object, is refused', () => {
  assert.throws(() => parseManifests('a: [', 'n'), /Not YAML/);
  assert.throws(() => parseManifests('a: 1', 'n'), /Not a Kubernetes object.*\{"a":1\}/);
});

test('the text by which proxies name an object', () => {
  const of = (kind: string) => markOf({ kind, metadata: { name: 'a', namespace: 'n' } });
  assert.equal(of('DestinationRule'), '/namespaces/n/destination-rule/a"');
  assert.equal(of('VirtualService'), '/namespaces/n/virtual-service/a"');
  assert.equal(of('AuthorizationPolicy'), 'ns[n]-policy[a]-');
  assert.equal(of('PeerAuthentication'), undefined);
});

test('the status that ends an exec: success, an exit code, or no run at all', () => {
  assert.equal(exitCodeOf({ status: 'Success' }), 0);
  const failed = { status: 'Failure', details: { causes: [{ reason: 'ExitCode', message: '3' }] } };
  assert.equal(exitCodeOf(failed), 3);
  assert.throws(
    () => exitCodeOf({ status: 'Failure', message: 'container not found' }),
    /container not found/,
  );
});
