import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { kubeconfigOf, startApiServers } from '../kube/fake-api-servers.ts';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { readAccess } from './reader-access.ts';
import { remoteSecretRecords } from './remote-secret.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'meshproof-access-'));
after(() => rmSync(folder, { recursive: true }));
const own = path.join(folder, 'own');
writeFileSync(own, 'of the operator');

/** Reads the access of the account of a secret from a server that records the requests. */
async function ask(user: object, answer = '{"status":{"incomplete":false,"allowed":true}}') {
  const seen: IncomingMessage[] = [];
  await using servers = await startApiServers({
    c: (request, response) => {
      seen.push(request);
      response.writeHead(201).end(answer);
    },
  });
  const text = stringify(kubeconfigOf(servers.urls, user));
  const secret = {
    metadata: { namespace: 'istio-system', name: 's', labels: { 'istio/multiCluster': 'true' } },
    data: { east: Buffer.from(text).toString('base64') },
  };
  const [record = assert.fail()] = remoteSecretRecords(secret, new CertificateBook());
  const gaps = new Gaps();
  const question = { secret, record, target: undefined, namespaces: ['default'] };
  const answers = await readAccess({ ...question, isSilent: () => false, leftMs: () => 2_000 }, gaps);
  return { record, answers, gaps: gaps.list, seen };
}

test('a secret that names a program or a file is not used: nothing runs, and its server is sent nothing', async () => {
  const marker = path.join(folder, 'ran');
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [marker] };
  const gcp = { 'cmd-path': 'touch', 'cmd-args': marker, 'token-key': '{.a}', 'expiry-key': '{.b}' };
  const users = [
    { exec },
    { token: 't', exec },
    { 'auth-provider': { name: 'gcp', config: gcp } },
    { token: 't', 'auth-provider': { name: 'exec', config: { exec } } },
    { 'token-file': own },
    { tokenFile: own, token: 't' },
    { 'client-certificate': own, 'client-key': own, token: 't' },
  ];
  for (const user of users) {
    const { answers, gaps, seen } = await ask(user);
    assert.deepEqual([answers, seen], [[], []], JSON.stringify(user));
    assert.deepEqual(
      gaps.map(({ what, of, reason }) => [what, of, reason]),
      [['readerAccess', 'istio-system/s', 'noWay']],
    );
    assert.match(gaps[0]?.why ?? '', /cannot be asked for: it (asks for|names)/);
  }
  assert.ok(!existsSync(marker));
});

test('an account that impersonates another is not asked for: its rights are not the rights of istiod', async () => {
  const { answers, gaps, seen } = await ask({ token: 't', as: 'system:serviceaccount:istio-system:reader' });
  assert.deepEqual([answers, seen], [[], []]);
  assert.match(gaps[0]?.why ?? '', /cannot be asked for: it acts as another account/);
});

test('a program or file is recorded as the credential, also next to a token', async () => {
  const { record } = await ask({ token: 't', exec: { command: 'cloud-login' } });
  assert.equal(record.credential, 'exec');
  assert.deepEqual((await ask({ tokenFile: '/t' })).record.files, ['tokenFile']);
});

test('an answer with an unexpected shape is unknown, and is not a refusal', async () => {
  const { answers } = await ask({ token: 't' }, '{"status":{"incomplete":"no","allowed":1}}');
  assert.deepEqual(
    [answers[0]?.namedServer, answers[0]?.may, answers[0]?.rulesIncomplete],
    ['answered', {}, true],
  );
});

test('the rules are recorded, each once, and are not judged', async () => {
  const rule = { verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] };
  const status = { incomplete: false, allowed: true, resourceRules: [rule, rule] };
  const { answers } = await ask({ token: 't' }, JSON.stringify({ status }));
  assert.deepEqual(answers[0]?.rules, [{ namespaces: ['default'], ...rule }]);
  assert.equal(answers[0].rulesIncomplete, false);
  assert.ok(!('excess' in answers[0]));
});

test('the rules that are recorded are bounded', async () => {
  const resourceRules = Array.from({ length: 600 }, (_, index) => ({
    verbs: ['get'],
    apiGroups: [''],
    resources: [`kind-${index}-${'x'.repeat(300)}`, ...Array<string>(300).fill('pods')],
  }));
  const status = { incomplete: false, allowed: true, resourceRules };
  const { answers } = await ask({ token: 't' }, JSON.stringify({ status }));
  const { rules = [], rulesIncomplete } = answers[0] ?? assert.fail();
  assert.deepEqual([rules.length, rulesIncomplete], [500, true]);
  assert.ok(rules.every(({ resources }) => resources.length === 200 && (resources[0]?.length ?? 0) <= 253));
});

test('rules are incomplete if one list of one rule is shortened', async () => {
  const resources = Array.from({ length: 201 }, (_, index) => `kind-${index}`);
  const resourceRules = [{ verbs: ['get'], apiGroups: [''], resources }];
  const status = { incomplete: false, allowed: true, resourceRules };
  const { answers } = await ask({ token: 't' }, JSON.stringify({ status }));
  assert.equal(answers[0]?.rulesIncomplete, true);
});

test('a token is sent to the server that the secret names', async () => {
  const { answers, seen, gaps } = await ask({ token: 't' });
  assert.deepEqual([answers[0]?.namedServer, answers[0]?.status, gaps], ['answered', 201, []]);
  assert.ok(seen.length > 0 && seen.every(({ headers }) => headers.authorization === 'Bearer t'));
});
