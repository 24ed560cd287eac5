import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Volume } from '@kubernetes/client-node';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { installsOf } from './installs.ts';

const istiod = (volumes: V1Volume[], mountPath = '/etc/cacerts'): V1Deployment => ({
  metadata: { name: 'istiod', namespace: 'istio-system' },
  spec: {
    selector: {},
    template: {
      metadata: { labels: { app: 'istiod' } },
      spec: {
        containers: [{ name: 'discovery', volumeMounts: [{ name: 'cacerts', mountPath }] }],
        volumes,
      },
    },
  },
});

const volumeOf = (deployment: V1Deployment): string | undefined => {
  const sources = { deployments: [deployment], configMaps: [], hash: () => '' };
  return installsOf(sources, new CertificateBook(), new Gaps())[0]?.authorityVolume;
};

test('an install has the source of the volume with the authority of istiod', () => {
  const name = 'cacerts';
  assert.equal(volumeOf(istiod([{ name, secret: { secretName: 'cacerts' } }])), 'secret cacerts');
  assert.equal(volumeOf(istiod([{ name, csi: { driver: 'vault' } }])), 'csi');
  assert.equal(volumeOf(istiod([{ name, secret: { secretName: 'cacerts' } }], '/etc/other')), 'none');
});
