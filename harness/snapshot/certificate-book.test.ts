import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadTopology } from '../config/load.ts';
import { cacertsData, issueAuthorities } from '../x509/authorities.ts';
import { CertificateBook } from './certificate-book.ts';
import { authorityRecord } from './secrets.ts';

const topology = loadTopology(path.join(import.meta.dirname, '../../clusters/topologies/west-east.yaml'));
const authorities = await issueAuthorities(topology);
const secretOf = (data: Record<string, string>) => ({
  metadata: { namespace: 'istio-system', name: 'cacerts' },
  data: Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  ),
});
const west = cacertsData(authorities, 'west');
const east = cacertsData(authorities, 'east');

test('an authority tells its certificates, whether its key fits, and never the key', () => {
  const book = new CertificateBook();
  const record = authorityRecord(secretOf(west), book);
  assert.deepEqual([record.keyFits, record.problems], [true, []]);
  const [authority, root] = [record.certificate[0], record.roots[0]];
  const all = book.certificates();
  const found = (fingerprint: string | undefined) => all.find((one) => one.fingerprint === fingerprint);
  assert.deepEqual(found(authority)?.signedBy, [root]);
  assert.deepEqual([found(root)?.selfSigned, found(root)?.signedBy, found(root)?.isCa], [true, [], true]);
  assert.equal(found(authority)?.authorityKeyId, found(root)?.subjectKeyId);
  assert.ok(!JSON.stringify([record, all]).includes((west['ca-key.pem'] ?? '').split('\n')[1] ?? 'no key'));
});

test('the key of another cluster does not fit, and a root with the name of the signer is not the signer', async () => {
  const book = new CertificateBook();
  const mixed = { ...west, 'ca-key.pem': east['ca-key.pem'] ?? '' };
  assert.equal(authorityRecord(secretOf(mixed), book).keyFits, false);
  const { root } = await issueAuthorities(topology);
  const [stranger] = book.read(root.certificate).chain;
  assert.ok(book.certificates().every(({ signedBy }) => !signedBy.includes(stranger ?? '')));
});

test('a Secret with tls.crt is read as type kubernetes.io/tls, as istiod does, even if it has the other entries too', () => {
  const book = new CertificateBook();
  const tls = {
    ...west,
    'tls.crt': east['ca-cert.pem'] ?? '',
    'tls.key': east['ca-key.pem'] ?? '',
    'ca.crt': east['root-cert.pem'] ?? '',
  };
  const [record, other] = [authorityRecord(secretOf(tls), book), authorityRecord(secretOf(east), book)];
  assert.deepEqual([record.certificate, record.roots], [other.certificate, other.roots]);
  assert.equal(record.keyFits, true);
});

test('a certificate is kept once, however often it is seen', () => {
  const book = new CertificateBook();
  const text = `${authorities.root.certificate}\n${authorities.root.certificate}`;
  assert.equal(book.read(text).chain.length, 2);
  assert.equal(book.certificates().length, 1);
});

test('text that is not a certificate is a problem without an error or a quotation', () => {
  const damaged = fc
    .tuple(fc.nat(authorities.root.certificate.length), fc.string({ minLength: 1, maxLength: 5 }))
    .map(([at, text]) => {
      const pem = authorities.root.certificate;
      return pem.slice(0, at) + text + pem.slice(at);
    });
  fc.assert(
    fc.property(fc.oneof(fc.string(), damaged), (text) => {
      const { chain, problems } = new CertificateBook().read(text, 'it');
      assert.ok(chain.length <= 1);
      assert.ok(problems.every((one) => one.startsWith('it') && one.length < 100));
    }),
  );
});
