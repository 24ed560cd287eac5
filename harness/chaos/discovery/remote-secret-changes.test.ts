import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryChanges, type EntryChange, type Kubeconfig } from './remote-secret-changes.ts';

const kubeconfig: Kubeconfig = {
  clusters: [
    { name: 'east', cluster: { server: 'https://10.77.1.3:6443', 'certificate-authority-data': 'Q0E=' } },
  ],
  users: [{ name: 'east', user: { token: 'head.claims.signature' } }],
};

async function changed(change: EntryChange) {
  const { name, kubeconfig: made } = await entryChanges[change](kubeconfig, { holder: 'west', to: 'east' });
  assert.ok(typeof made !== 'string');
  return { name, cluster: made.clusters[0]?.cluster ?? {}, user: made.users[0]?.user ?? {} };
}

test('another server keeps its port and its authority', async () => {
  const loopback = await changed('server-loopback');
  assert.equal(loopback.cluster['server'], 'https://127.0.0.1:6443');
  assert.equal(loopback.cluster['certificate-authority-data'], 'Q0E=');
  assert.equal((await changed('server-elsewhere')).cluster['server'], 'https://10.77.1.250:6443');
});

test('a dead token has the claims of the one that lives', async () => {
  const { user } = await changed('token-dead');
  assert.equal(user['token'], 'head.claims.erutangis');
});

test('another authority is a certificate, and not the one that was there', async () => {
  const { cluster } = await changed('other-authority');
  const pem = Buffer.from(String(cluster['certificate-authority-data']), 'base64').toString();
  assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
});

test('an entry that is not verified does not have an authority', async () => {
  const { cluster } = await changed('not-verified');
  assert.deepEqual(cluster, { server: 'https://10.77.1.3:6443', 'insecure-skip-tls-verify': true });
});

test('other names leave the kubeconfig as it is', async () => {
  assert.equal((await changed('name-of-holder')).name, 'west');
  assert.deepEqual(await changed('name-of-nobody'), {
    name: 'east-1',
    cluster: kubeconfig.clusters[0]?.cluster,
    user: kubeconfig.users[0]?.user,
  });
});

test('the given kubeconfig is not changed', () =>
  assert.equal(kubeconfig.users[0]?.user['token'], 'head.claims.signature'));
