import assert from 'node:assert/strict';
import { test } from 'node:test';
import { issueAuthority } from './authorities.ts';
import { certificatesOf, fingerprintOf, issuerIn, short } from './pem.ts';

const root = await issueAuthority('root', 'ecdsa-p256', 1);
const other = await issueAuthority('other root', 'ecdsa-p256', 1);
const intermediate = await issueAuthority('west', 'ecdsa-p256', 1, { authority: root, key: 'ecdsa-p256' });

test('two roots in one text are two certificates', () => {
  assert.equal(certificatesOf(root.certificate + other.certificate).length, 2);
  assert.equal(certificatesOf('').length, 0);
});

test('an intermediate is signed by the root that it was issued from, and by no other', () => {
  const [signed] = certificatesOf(intermediate.certificate);
  const [by, notBy] = certificatesOf(root.certificate + other.certificate);
  assert.ok(signed && by && notBy);
  assert.ok(signed.verify(by.publicKey));
  assert.ok(!signed.verify(notBy.publicKey));
  assert.ok(signed.ca);
});

test('the issuer in a chain is its second certificate; a chain of one has none', () => {
  assert.equal(
    issuerIn([other.certificate, intermediate.certificate]),
    fingerprintOf(intermediate.certificate),
  );
  assert.equal(issuerIn([other.certificate]), '');
  assert.match(short(fingerprintOf(root.certificate)), /^([0-9A-F]{2}:){3}[0-9A-F]{2}$/);
});
