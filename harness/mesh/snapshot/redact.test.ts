import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactLog, redactText, redactedSpec } from './redact.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = `${part({ alg: 'RS256', kid: 'x' })}.${part({ sub: 'system:serviceaccount:a:b' })}`;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const token = `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(rsa.privateKey, 'base64url')}`;
const keys = [
  rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }),
  rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }),
].map(String);

/** The longest line of base64 in a key: if none of it is there, nothing that matters is. */
const heart = (key: string) => key.split('\n').find((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)) ?? '';

test('a private key is taken out of any text, in PEM, escaped, in base64 or cut off', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
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

test('what is named like a secret goes, and what says what happened stays', () => {
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

test('fields of a resource that hold secrets are emptied by their name; names of credentials stay', () => {
  const spec = {
    set: { authorization: 'opaque', 'x-api-key': 'k', 'x-team': 'a' },
    tls: { credentialName: 'web-cert', mode: 'SIMPLE' },
    jwtRules: [{ jwks: '{"keys":[]}', jwksUri: 'https://issuer/keys' }],
  };
  assert.deepEqual(redactedSpec(spec), {
    set: { authorization: '[redacted]', 'x-api-key': '[redacted]', 'x-team': 'a' },
    tls: { credentialName: 'web-cert', mode: 'SIMPLE' },
    jwtRules: [{ jwks: '[redacted]', jwksUri: 'https://issuer/keys' }],
  });
});

test('headers are emptied by how they are matched, and what is no secret stays', () => {
  const set = [
    { name: 'X-Token', value: 'a' },
    { name: 'x-team', value: 'a' },
  ];
  const http = (value: string) => ({
    match: [{ headers: { 'x-team': { exact: value } }, uri: { regex: '/v1/(?:a|b)/?x' } }],
    // What is given to a header may be a secret as well as what it is matched with: its name does not tell.
    headers: { response: { add: { 'x-team': value }, remove: ['server'] } },
  });
  const when = (value: string) => [
    { key: 'request.headers[x-team]', values: [value] },
    { key: 'source.namespace', values: ['shop'] },
  ];
  assert.deepEqual(redactedSpec({ http: [http('a')], when: when('a'), set }), {
    http: [http('[redacted]')],
    when: when('[redacted]'),
    set: [{ name: 'X-Token', value: '[redacted]' }, set[1]],
  });
});

test('what headers are set to or added with goes at every level, whatever they are called; names stay', () => {
  const virtualService = (value: string) => {
    const given = { 'x-origin-verify': value, 'Ocp-Apim-Subscription-Key': value, name: value, value };
    const headers = { request: { set: given, add: given, remove: ['x-a'] }, response: { set: given } };
    return { http: [{ headers, route: [{ destination: { host: 'a' }, weight: 1, headers }] }] };
  };
  const httpRoute = (value: string) => {
    const given = [{ name: 'x-functions-key', value }];
    const filters = [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: given, add: given, remove: ['x-a'] } },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { add: given } },
    ];
    return { rules: [{ filters, backendRefs: [{ name: 'a', port: 80, filters }] }] };
  };
  for (const spec of [virtualService, httpRoute])
    assert.deepEqual(redactedSpec(spec('opaque')), spec('[redacted]'));
  // Headers that are matched, and have such names.
  const match = (exact: string) => ({ match: [{ headers: { request: { exact }, set: { exact } } }] });
  assert.deepEqual(redactedSpec(match('opaque')), match('[redacted]'));
});

test('queries of URLs and requests go, regular expressions and what is asked stay', () => {
  const cases: [string, string][] = [
    ['"GET /a?b HTTP/1.1" 200', '"GET /a?[redacted] HTTP/1.1" 200'],
    ['{"path":"/a?b=c","x":1}', '{"path":"/a?[redacted]","x":1}'],
    ['is a/b there? yes', ''],
  ];
  for (const [before, after] of cases) assert.equal(redactLog(before), after || before);
  const specs: [string, string][] = [
    ['oci://x/y:1?sig=a&b', 'oci://x/y:1?[redacted]'],
    ['/login?key=a', '/login?[redacted]'],
    ['/(?:a|b)', ''],
    ['^/v[0-9]?/a?b', ''],
  ];
  for (const [before, after] of specs)
    assert.deepEqual(redactedSpec({ uri: before }), { uri: after || before });
});

test('it takes time in proportion to the text, whatever the text is', () => {
  for (const unit of [
    'A',
    'eyJ',
    '-----BEGIN ',
    'token=',
    'a.',
    'A\n',
    '://a:',
    'Bearer ',
    '/?',
    '://?a',
    '?a=',
  ]) {
    const startMs = performance.now();
    redactText(unit.repeat(300_000 / unit.length));
    redactLog(unit.repeat(300_000 / unit.length));
    redactedSpec({ text: unit.repeat(300_000 / unit.length) });
    assert.ok(performance.now() - startMs < 3_000, unit);
  }
});
