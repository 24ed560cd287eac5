import assert from 'node:assert/strict';
import test from 'node:test';
import { pullName, withoutDigest } from './registry.ts';

test('without a mirror an image is pulled from its own registry, by its digest', () => {
  assert.equal(
    pullName('docker.io/kindest/node:v1@sha256:ab', undefined),
    'docker.io/kindest/node:v1@sha256:ab',
  );
});

test('a mirror has the same path and tag', () => {
  assert.equal(
    pullName('docker.io/kindest/node:v1@sha256:ab', '127.0.0.1:5000'),
    '127.0.0.1:5000/kindest/node:v1',
  );
  assert.equal(
    pullName('docker.io/istio/pilot:1.31.4', 'mirror.example/team'),
    'mirror.example/team/istio/pilot:1.31.4',
  );
});

test('a digest is left out of a name', () => {
  assert.equal(withoutDigest('docker.io/kindest/node:v1@sha256:ab'), 'docker.io/kindest/node:v1');
  assert.equal(withoutDigest('docker.io/istio/pilot:1'), 'docker.io/istio/pilot:1');
});
