import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { CertificateBook } from './certificate-book.ts';
import { claimsOf, remoteSecretRecords } from './remote-secret.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown) => `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;

const secretOf = (content: string, labels: Record<string, string> = { 'istio/multiCluster': 'true' }) => ({
  metadata: { namespace: 'istio-system', name: 'istio-remote-secret-east', labels },
  data: { east: Buffer.from(content).toString('base64') },
});
const kubeconfig = (user: object, cluster: object = { server: 'https://10.0.0.1:6443' }) =>
  stringify({
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
const read = (content: string, labels?: Record<string, string>) =>
  remoteSecretRecords(secretOf(content, labels), new CertificateBook())[0] ?? assert.fail();

test('only the claims of a token are recorded', () => {
  const claims = { sub: 'system:serviceaccount:a:b', iss: 'k', aud: 'x', iat: 10, exp: 20 };
  assert.deepEqual(read(kubeconfig({ token: jwt(claims) })).token, {
    subject: 'system:serviceaccount:a:b',
    issuer: 'k',
    audiences: ['x'],
    issuedAt: '1970-01-01T00:00:10.000Z',
    expiresAt: '1970-01-01T00:00:20.000Z',
  });
  assert.equal(claimsOf('opaque'), undefined);
});

test('the kind of credential, the server and the label for istiod are recorded', () => {
  const exec = read(kubeconfig({ exec: { command: 'aws' } }), {});
  assert.deepEqual([exec.credential, exec.labelled, exec.server], ['exec', false, 'https://10.0.0.1:6443']);
  assert.equal(read(kubeconfig({})).credential, 'none');
  assert.equal(read(kubeconfig({ token: 'opaque' })).credential, 'token');
  const proxied = { server: 'https://10.0.0.1:6443', 'proxy-url': 'http://user:password@proxy' };
  assert.equal(read(kubeconfig({ token: 'x' }, proxied)).proxied, true);
  assert.equal(exec.proxied, undefined);
  const blind = read(kubeconfig({ token: 'x' }, { 'insecure-skip-tls-verify': true }));
  assert.deepEqual([blind.skipsVerification, blind.problem], [true, 'it names no server']);
});

test('whatever stands in it gives a record that does not quote it', () => {
  const marker = 'q7wPz-unlikely';
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (text, value) => {
      for (const content of [
        `${text}${marker}`,
        stringify({ users: [{ name: 'u', user: { token: marker } }], value }),
      ])
        assert.ok(!JSON.stringify(read(content)).includes(marker));
    }),
  );
});

test('a token with any claims gives claims or nothing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (claims, text) => {
      claimsOf(jwt(claims));
      claimsOf(text);
    }),
  );
});
