import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateBook } from './certificate-book.ts';
import { settingsOf } from './mesh-settings.ts';

test('the settings of a mesh that every rule inherits', () => {
  const settings = settingsOf(
    {
      zoneAwareLbSetting: { enabled: true },
      defaultTrafficPolicy: { outlierDetection: { consecutive5xxErrors: 5 } },
    },
    new CertificateBook(),
  );
  assert.equal(settings.zoneAwareLb, true);
  assert.equal(settings.defaultOutlierDetection, true);
  const bare = settingsOf({ defaultTrafficPolicy: { connectionPool: {} } }, new CertificateBook());
  assert.equal(bare.zoneAwareLb, undefined);
  assert.equal(bare.defaultOutlierDetection, undefined);
});
