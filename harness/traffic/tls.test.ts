import 'reflect-metadata'; // must load before @peculiar/x509
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { createServer as createTcp, type AddressInfo, type Server } from 'node:net';
import { createServer as createTls, type TlsOptions } from 'node:tls';
import { before, test } from 'node:test';
import * as x509 from '@peculiar/x509';
import { attemptTls, eastWestSni } from './tls.ts';

interface Pair {
  cert: string;
  key: string;
}
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A self-signed certificate authority and a leaf with a SPIFFE id; `cert` of the leaf holds the whole chain. */
async function issue(spiffe: string): Promise<Pair & { root: string }> {
  const makeKeys = async () => await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [rootKeys, leafKeys] = await Promise.all([makeKeys(), makeKeys()]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=root',
    keys: rootKeys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    issuer: root.subject,
    subject: 'CN=leaf',
    publicKey: leafKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: spiffe }])],
  });
  const der = await webcrypto.subtle.exportKey('pkcs8', leafKeys.privateKey);
  const key = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(der).toString('base64')}\n-----END PRIVATE KEY-----\n`;
  return { cert: leaf.toString('pem') + '\n' + root.toString('pem'), key, root: root.toString('pem') };
}

let ours: Awaited<ReturnType<typeof issue>>;
let foreign: Awaited<ReturnType<typeof issue>>;
before(async () => {
  ours = await issue('spiffe://cluster.local/ns/meshproof/sa/catalog');
  foreign = await issue('spiffe://evil.local/ns/meshproof/sa/catalog');
});

async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => void server.close(),
  };
}
const serveTls = (options: TlsOptions) =>
  listen(
    createTls(
      { cert: ours.cert, key: ours.key, ca: ours.root, ALPNProtocols: ['istio'], ...options },
      (socket) => socket.on('error', () => {}).on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n')),
    ).on('tlsClientError', () => {}),
  );

test('the SNI of a service behind an east-west gateway', () => {
  assert.equal(eastWestSni('catalog', 'meshproof'), 'outbound_.80_._.catalog.meshproof.svc.cluster.local');
});

test('a trusted client gets an answer and the whole chain of the server', async () => {
  using server = await serveTls({ requestCert: true, rejectUnauthorized: true });
  const result = await attemptTls({ ...server, cert: ours.cert, key: ours.key, sni: 'x' });
  assert.equal(result.ended, 'answered');
  assert.equal(result.alpn, 'istio');
  assert.match(result.received.toString(), /^HTTP\/1.1 200/);
  assert.equal(result.chain.length, 2);
  assert.deepEqual(result.chain[0]?.uris, ['spiffe://cluster.local/ns/meshproof/sa/catalog']);
});

test('a client without a certificate, or with a foreign one, receives nothing', async () => {
  using server = await serveTls({ requestCert: true, rejectUnauthorized: true });
  for (const pair of [{}, { cert: foreign.cert, key: foreign.key }]) {
    const result = await attemptTls({ ...server, ...pair });
    assert.equal(result.received.length, 0);
    assert.notEqual(result.ended, 'answered');
  }
});

test('without a common protocol, an alert ends the handshake', async () => {
  using server = await serveTls({ ALPNProtocols: ['other'] });
  const result = await attemptTls({ ...server, alpn: ['istio'] });
  assert.equal(result.handshake, 'refused');
  assert.equal(result.alert, 'no application protocol');
});

test('an end of plain TCP, silence and a refused connection have different results', async () => {
  using closing = await listen(createTcp((socket) => socket.on('error', () => {}).end()));
  const closed = await attemptTls(closing);
  assert.equal(closed.handshake, 'refused');
  assert.ok(['closed', 'reset'].includes(closed.ended), closed.ended);
  using mute = await listen(createTls({ cert: ours.cert, key: ours.key }));
  assert.equal((await attemptTls({ ...mute, listenMs: 50 })).ended, 'silence');
  assert.equal((await attemptTls({ host: '127.0.0.1', port: 1 })).handshake, 'noConnection');
});
