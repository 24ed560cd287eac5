import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authorizations } from './authorization.ts';
import { broken, itemOf } from './broken-sample.ts';
import { MeshView } from './mesh-view.ts';

test('a policy of a dry run is not enforced', () => {
  const policiesOf = (annotations: Record<string, string>) => {
    const snapshot = broken(({ west }) => {
      const policy = { ...itemOf(west.resources), kind: 'AuthorizationPolicy', name: 'deny', spec: {} };
      west.resources.push({ ...policy, annotations });
    });
    const [west] = new MeshView(snapshot).clusters;
    return authorizations(west ?? assert.fail()).filter(({ name }) => name === 'deny').length;
  };
  assert.equal(policiesOf({}), 1);
  assert.equal(policiesOf({ 'istio.io/dry-run': 'false' }), 1);
  assert.equal(policiesOf({ 'istio.io/dry-run': 'true' }), 0);
});
