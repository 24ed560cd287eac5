import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from '../base/any-character.ts';
import { redactLog, redactText, withoutQuery } from './redact.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = `${part({ alg: 'RS256', kid: 'x' })}.${part({ sub: 'system:serviceaccount:a:b' })}`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const token = `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(rsa.privateKey, 'base64url')}`;
const keys = [
  rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
  rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
].map(String);

/** The longest line of base64 in a key. If it is absent, the key is. */
const heart = (key: string) => key.split('\n').find((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)) ?? '';

test('a private key is taken out of any text, in PEM, escaped, in base64 or cut off', () => {
  const text = fc.string({ unit: anyCharacter, maxLength: 40 });
  fc.assert(
    fc.property(fc.constantFrom(...keys), text, text, (key, before, after) => {
      const forms = [
        key,
        key.replaceAll('\n', '\\n'),
        key.slice(0, -200),
        `\n${key.split('\n').slice(2).join('\n')}`,
        JSON.stringify({ 'ca-key.pem': key }),
      ];
      for (const form of forms)
        assert.ok(!redactText(`${before}${form}${after}`).includes(heart(key.slice(100))), form);
      const encoded = Buffer.from(key).toString('base64');
      assert.ok(!redactText(`${before} ${encoded}`).includes(encoded.slice(60, 120)));
    }),
  );
});

test('a token is taken out of any text, plain, as a header, encoded or cut off', () => {
  const text = fc.string({ maxLength: 40 }).map((each) => each.replace(/\w$/, ' '));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const forms = [token, `Bearer ${token}`, `{"authorization":"Bearer ${token}"}`, token.slice(0, 60)];
      for (const form of forms) {
        const left = redactText(`${before} ${form} ${after}`);
        assert.ok(!left.includes(token.slice(10, 50)), left);
        assert.ok(!left.includes(token.slice(-40)), left);
      }
      const encoded = Buffer.from(token).toString('base64');
      assert.ok(!redactText(` ${encoded}`).includes(encoded.slice(20, 60)));
    }),
  );
});

test('values with the name of a secret are removed, and descriptions of events remain', () => {
  const cases: [string, string][] = [
    ['password=hunter2 user=me', 'password=[redacted] user=me'],
    ['{"api_key":"abc123","x":1}', '{"api_key":"[redacted]","x":1}'],
    ['https://me:pass@example.com/x', 'https://[redacted]@example.com/x'],
    ['Authorization: Basic bWU6cGFzcw==', 'Authorization: [redacted]'],
    ['kubeadm join --token abcdef.0123456789abcdef', 'kubeadm join --token [redacted]'],
    ['Adding cluster cluster=east secret=istio-system/istio-remote-secret-east', ''],
    ['503 UC upstream_reset_before_response_started{connection_termination}', ''],
    ['outbound|80||catalog.meshproof.svc.cluster.local', ''],
    ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', ''],
    ['spiffe://cluster.local/ns/meshproof/sa/catalog', ''],
    ['system:serviceaccount:istio-system:meshproof-reader', ''],
  ];
  for (const [before, after] of cases) assert.equal(redactText(before), after || before);
});

test('a log keeps what happened, and loses queries and random words', () => {
  const digest = 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
  const cases: [string, string][] = [
    ['"GET /a?b HTTP/1.1" 200', '"GET /a?[redacted] HTTP/1.1" 200'],
    ['{"path":"/a?b=c","x":1}', '{"path":"/a?[redacted]","x":1}'],
    [String.raw`{"path":"/a?b=c\u0026d=e","x":1}`, '{"path":"/a?[redacted]","x":1}'],
    ['key wJalrXUtnFEMI/K7MDENG/bPxRfiCYPLANTEDKEY', 'key [redacted]'],
    ['key 9f86d081884c7d659a2feaa0c55ad015', 'key [redacted]'],
    ['is a/b there? yes', ''],
    [`docker.io/istio/proxyv2:1.31.0@${digest}`, ''],
    [`pulled ${digest}`, ''],
    ['istio-eastwestgateway-6d5f7c9b8d-x2x4z.istio-system-12', ''],
    ['uid 3b1f2c4d-1a2b-4c3d-8e9f-0a1b2c3d4e5f', ''],
    ['type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions', ''],
    ['EndpointDiscoveryServiceV3Response LoadBalancerEndpointsV2', ''],
    ['2026-11-30T02:00:00.123456789Z info ads Push debounce stable[12] 3: 100.3ms, full=false', ''],
    ['controller "networking.istio.io/v1alpha3/EnvoyFilter" is syncing...', ''],
    ['GET /api/v1/namespaces/istio-system/configmaps 200', ''],
  ];
  for (const [before, after] of cases) assert.equal(redactLog(before), after || before);
});

test('a URL loses its user information and its query', () => {
  const cases: [string, string][] = [
    ['oci://x/y:1?sig=a&b', 'oci://x/y:1?[redacted]'],
    ['https://me:pa/ss@x.example:6443/k8s', 'https://[redacted]@x.example:6443/k8s'],
    ['https://token@x.example/', 'https://[redacted]@x.example/'],
    ['https://10.0.0.1:6443/k8s/clusters/c-1', ''],
  ];
  for (const [before, after] of cases) assert.equal(withoutQuery(before), after || before);
});

test('it takes time in proportion to the text, whatever the text is', () => {
  const units = [
    ...['A', 'eyJ', '-----BEGIN ', '-----BEGIN PRIVATE KEY-----', '-----END PRIVATE KEY-----\n', 'token='],
    ...['a.', 'a-', 'a:', 'A\n', '://a:', '://a@', 'Bearer ', '/?', '://?a', '?a=', '"token":"', 'token=\\"'],
    ...["'token', '", '--token', 'cookie = ', 'Aa1', '\\', '"'],
  ];
  const processorUs = (unit: string, characters: number): number => {
    const began = process.cpuUsage();
    redactLog(unit.repeat(characters / unit.length));
    const { user, system } = process.cpuUsage(began);
    return user + system;
  };
  for (const unit of units) assert.ok(processorUs(unit, 50_000) < 800_000, unit);
});
