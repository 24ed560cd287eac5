import assert from 'node:assert/strict';
import test from 'node:test';
import { digestIn, digestProblem, mirrorFrom, pullName, withoutDigest } from './mirror.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const node = `docker.io/kindest/node:v1@${digest}`;

test('without a mirror an image is pulled from its own registry by its digest', () => {
  assert.equal(pullName(node, undefined), node);
});

test('a mirror has the same path, tag and digest', () => {
  const at = (address: string) => ({ address, insecure: false });
  assert.equal(pullName(node, at('127.0.0.1:5000')), `127.0.0.1:5000/kindest/node:v1@${digest}`);
  assert.equal(
    pullName('docker.io/istio/pilot:1.31.4', at('mirror.example/team')),
    'mirror.example/team/istio/pilot:1.31.4',
  );
});

test('the digest is split from the name of an image', () => {
  assert.equal(withoutDigest(node), 'docker.io/kindest/node:v1');
  assert.equal(withoutDigest('docker.io/istio/pilot:1'), 'docker.io/istio/pilot:1');
  assert.equal(digestIn(node), digest);
  assert.equal(digestIn('docker.io/istio/pilot:1'), undefined);
});

test('a mirror is reached over plain HTTP only on loopback or with http:// in front', () => {
  const insecure = (value: string) => mirrorFrom(value)?.insecure;
  assert.equal(insecure('mirror.example:5000/team'), false);
  assert.equal(insecure('https://127.0.0.1:5000'), false);
  assert.equal(insecure('localhost.example:5000'), false);
  assert.equal(insecure('http://mirror.example:5000'), true);
  assert.equal(insecure('127.0.0.1:5000'), true);
  assert.equal(insecure('localhost:5000/team'), true);
  assert.equal(mirrorFrom('http://mirror.example:5000/team/')?.address, 'mirror.example:5000/team');
  assert.equal(mirrorFrom(undefined), undefined);
});

test('MESHPROOF_REGISTRY of another form is refused', () => {
  for (const value of [
    '--insecure',
    'ftp://mirror.example',
    'mirror.example/a b',
    'user:word@mirror.example',
    '../x',
  ])
    assert.throws(() => mirrorFrom(value), /MESHPROOF_REGISTRY is not a registry/, value);
});

test('an image with another digest, or without one, is a problem', () => {
  const wanted = { digest, from: 'pins.json' };
  assert.equal(digestProblem('a:1', wanted, ['sha256:other', digest]), undefined);
  assert.match(
    digestProblem('a:1', wanted, ['sha256:other']) ?? '',
    /a:1 on the engine has sha256:other, and pins\.json/,
  );
  assert.match(digestProblem('a:1', wanted, []) ?? '', /has no registry digest/);
});
