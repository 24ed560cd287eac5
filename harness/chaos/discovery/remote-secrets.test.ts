import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { accountIn } from './remote-secrets.ts';

const secretWith = (token: string) => {
  const kubeconfig = {
    clusters: [{ name: 'east', cluster: { server: 'https://192.0.2.1:6443' } }],
    users: [{ name: 'east', user: { token } }],
    contexts: [{ name: 'east', context: { cluster: 'east', user: 'east' } }],
    'current-context': 'east',
  };
  return {
    metadata: { name: 'istio-remote-secret-east' },
    data: { east: Buffer.from(stringify(kubeconfig)).toString('base64') },
  };
};
const tokenOf = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;

test('the account of a remote secret is the subject of its token', () => {
  const token = tokenOf({ sub: 'system:serviceaccount:istio-system:reader' });
  const { namespace, name, config } = accountIn(secretWith(token), 'east');
  assert.deepEqual([namespace, name], ['istio-system', 'reader']);
  assert.equal(config.getCurrentUser()?.token, token);
});

for (const [title, secret] of [
  ['no kubeconfig for that cluster', { metadata: { name: 'istio-remote-secret-east' }, data: {} }],
  ['a token that is none of an account', secretWith(tokenOf({ sub: 'kubernetes-admin' }))],
  ['no token with claims', secretWith('s3cr3t')],
] as const) {
  test(`${title}: refused by the name of the secret, which is not quoted`, () => {
    assert.throws(
      () => accountIn(secret, 'east'),
      ({ message, cause }: Error) =>
        /istio-remote-secret-east holds no token of a service account for east/.test(message) &&
        !message.includes('s3cr3t') &&
        cause === undefined,
    );
  });
}
