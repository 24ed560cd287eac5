import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Pod } from '@kubernetes/client-node';
import { injectedImage, proxyImageOf } from './proxy-image.ts';

const pod = (
  image: string,
  { name = 'istio-proxy', ready = true, day = 1, leaving = false } = {},
): V1Pod => ({
  metadata: {
    creationTimestamp: new Date(Date.UTC(2026, 0, day)),
    ...(leaving && { deletionTimestamp: new Date() }),
  },
  spec: { containers: [{ name, image }] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});

test('the image is that of a proxy, whatever other containers run', () => {
  assert.equal(proxyImageOf([pod('pilot:1', { name: 'discovery' }), pod('proxy:1')]), 'proxy:1');
  assert.equal(proxyImageOf([pod('pilot:1', { name: 'discovery' })]), undefined);
  assert.equal(proxyImageOf([]), undefined);
});

test('a native sidecar is one, too', () => {
  const native: V1Pod = {
    spec: {
      containers: [{ name: 'app', image: 'app:1' }],
      initContainers: [{ name: 'istio-proxy', image: 'proxy:1' }],
    },
  };
  assert.equal(proxyImageOf([native]), 'proxy:1');
});

test('of several, a ready one comes first, then the newest', () => {
  const old = pod('proxy:1', { day: 1 });
  assert.equal(proxyImageOf([old, pod('proxy:2', { day: 2 })]), 'proxy:2');
  assert.equal(proxyImageOf([old, pod('proxy:2', { day: 2, ready: false })]), 'proxy:1');
  assert.equal(proxyImageOf([old, pod('proxy:2', { day: 2, leaving: true })]), 'proxy:1');
});

test('an image that no injector has filled in is none', () => {
  assert.equal(proxyImageOf([pod('auto', { ready: false })]), undefined);
});

const injected = (global: object) => injectedImage(JSON.stringify({ global }));

test('the image that istiod injects is put together as Istio does it', () => {
  const hub = 'hub.example/istio';
  assert.equal(injected({ hub, tag: '1.31.4' }), 'hub.example/istio/proxyv2:1.31.4');
  assert.equal(injected({ hub, tag: 1.31, proxy: { image: 'proxyv2' } }), 'hub.example/istio/proxyv2:1.31');
  assert.equal(
    injected({ hub, tag: '1.31.4', variant: 'distroless' }),
    'hub.example/istio/proxyv2:1.31.4-distroless',
  );
  assert.equal(
    injected({ hub, tag: '1.31.4-distroless', variant: 'distroless' }),
    'hub.example/istio/proxyv2:1.31.4-distroless',
  );
  assert.equal(
    injected({ hub, tag: 'x', proxy: { image: 'other.example/envoy:7' } }),
    'other.example/envoy:7',
  );
});

test('values that do not say it are refused', () => {
  assert.throws(() => injectedImage('{}'));
  assert.throws(() => injected({ hub: 'hub.example' }));
});
