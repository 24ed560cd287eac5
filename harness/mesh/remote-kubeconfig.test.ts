import assert from 'node:assert/strict';
import type { RequestOptions } from 'node:https';
import { test } from 'node:test';
import { stringify } from 'yaml';
import {
  actsAsAnother,
  clientConfigOf,
  filesNamed,
  parseRemoteKubeconfig,
  reasonNotToUse,
} from './remote-kubeconfig.ts';

const server = 'https://10.0.0.1:6443';
const read = (user: object, cluster: object = { server }) => {
  const kubeconfig = parseRemoteKubeconfig(
    stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  );
  return 'problem' in kubeconfig ? assert.fail(kubeconfig.problem) : kubeconfig;
};

test('a kubeconfig that would run a program or read a file here is refused, whatever else it holds', () => {
  const users: [object, RegExp][] = [
    [{ exec: { command: 'sh' } }, /exec/],
    [{ 'auth-provider': { name: 'gcp', config: { 'cmd-path': 'sh' } } }, /auth-provider/],
    [{ tokenFile: '/etc/shadow' }, /tokenFile/],
    [{ 'token-file': '/etc/shadow' }, /tokenFile/],
    [{ 'client-certificate': '/c', 'client-key': '/k' }, /clientCertificate, clientKey/],
  ];
  for (const [user, reason] of users) {
    const kubeconfig = read({ token: 't', ...user });
    assert.match(reasonNotToUse(kubeconfig) ?? '', reason);
    assert.throws(() => clientConfigOf(kubeconfig), reason);
  }
  const clusters: [object, RegExp][] = [
    [{ server, 'certificate-authority': '/etc/shadow' }, /certificateAuthority/],
    [{ server, 'proxy-url': 'http://elsewhere' }, /proxy/],
    [{}, /no server/],
  ];
  for (const [cluster, reason] of clusters)
    assert.match(reasonNotToUse(read({ token: 't' }, cluster)) ?? '', reason);
  assert.match(reasonNotToUse(read({ 'client-certificate-data': 'YQ==' })) ?? '', /neither a token nor/);
});

test('an account that impersonates another is noted: its own rights are not the rights of istiod', () => {
  assert.ok(actsAsAnother(read({ token: 't', as: 'reader' })));
  assert.ok(actsAsAnother(read({ token: 't', 'as-groups': ['readers'] })));
  assert.ok(!actsAsAnother(read({ token: 't' })));
});

test('what is used of a kubeconfig holds its value itself, and the server is verified', async () => {
  const cluster = {
    ...{ server: `${server}/`, 'certificate-authority-data': 'Y2E=', 'tls-server-name': 'api' },
    'insecure-skip-tls-verify': true,
  };
  const config = clientConfigOf(read({ token: 't', username: 'a', password: 'b', as: 'root' }, cluster));
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  assert.deepEqual(
    [config.getCurrentCluster()?.server, String(options.ca), options.servername, options.headers],
    [server, 'ca', 'api', { Authorization: 'Bearer t' }],
  );
  assert.notEqual(options.rejectUnauthorized, false);
  assert.equal(options.auth, undefined);
});

test('credential files are reported by the names that istiod uses', () => {
  assert.deepEqual(filesNamed(read({ tokenFile: '/t', 'token-file': '/t', 'client-key': '/k' })), [
    'tokenFile',
    'clientKey',
  ]);
  assert.deepEqual(filesNamed(read({ token: 't' })), []);
});
