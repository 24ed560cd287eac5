import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { KubeConfig } from '#kubernetes-client';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { Stored } from '../../kube/fake-cluster.ts';
import { FakeMeshCluster, fakeMesh } from '../../mesh/fake-mesh.ts';
import { remoteSecretRotated } from './remote-secret-rotated.ts';

temporaryFolder('MESHPROOF_STATE');

const jwt = (sub: string, signature: string) =>
  `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.${signature}`;
const reader = 'system:serviceaccount:istio-system:reader';
const admin = 'system:serviceaccount:kube-system:admin';
const genuine = jwt(reader, 'genuine');
const forged = jwt(admin, 'forged');
const otherAccount = jwt(admin, 'other');
const ofUser = jwt('alice', 'user');
const ofPod = jwt(reader, 'pod');

/** The tokens that the API server of east authenticates. The forged token is not among them. */
const users: Record<string, object> = {
  [genuine]: { username: reader },
  [otherAccount]: { username: admin },
  [ofUser]: { username: 'alice' },
  [ofPod]: { username: reader, extra: { 'authentication.kubernetes.io/pod-name': ['p'] } },
};

let asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  const userInfo = users[(request.headers.authorization ?? '').replace('Bearer ', '')];
  response.writeHead(userInfo ? 201 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(userInfo ? { status: { userInfo } } : { message: 'Unauthorized' }));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => server.close());
const eastServer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const remoteSecret = (token: string, user: object = { token }): Stored => {
  const kubeconfig = {
    clusters: [{ name: 'east', cluster: { server: 'https://192.0.2.1:6443' } }],
    users: [
      { name: 'east', user },
      { name: 'spare', user: { token: 'spare' } },
    ],
    contexts: [{ name: 'east', context: { cluster: 'east', user: 'east' } }],
    'current-context': 'east',
  };
  const labels = { 'istio/multiCluster': 'true' };
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
    metadata: { namespace: 'istio-system', name: 'istio-remote-secret-east', labels },
    data: { east: Buffer.from(stringify(kubeconfig)).toString('base64') },
  };
};

function meshWith(secret: Stored) {
  asked = [];
  const [west, east] = [new FakeMeshCluster('west'), new FakeMeshCluster('east')];
  east.api.config = new KubeConfig();
  const at = { name: 'e', server: eastServer, skipTLSVerify: true };
  east.api.config.loadFromClusterAndUser(at, { name: 'own', token: 'own' });
  // Kubernetes fills the Secret of a token; the fake cluster does not.
  const put = east.put.bind(east);
  east.put = (object) => put(object.kind === 'Secret' ? { ...object, data: { token: 'bmV3' } } : object);
  west.put(secret);
  return { west, east, mesh: fakeMesh([west, east], { rootNamespace: 'istio-system' }) };
}
const parameters = { cluster: 'west', to: 'east' };

for (const [title, secret, reason] of [
  ['a forged token', remoteSecret(forged), /cluster east does not accept its token \(status 401\)/],
  ['a token of a user', remoteSecret(ofUser), /accepts its token, but not as one of a service account/],
  ['a token of a pod', remoteSecret(ofPod), /its token belongs to a pod/],
  ['a program', remoteSecret('', { token: genuine, exec: { command: 'sh' } }), /exec/],
  ['a file of this machine', remoteSecret('', { tokenFile: '/etc/shadow' }), /tokenFile/],
  [
    'a kubeconfig of another cluster',
    { ...remoteSecret(genuine), data: { west: 'eA==' } },
    /has no remote secret/,
  ],
] as const)
  test(`a remote secret with ${title} is refused before anything is changed`, async () => {
    const { mesh, west, east } = meshWith(secret);
    await assert.rejects(remoteSecretRotated.prepare(mesh, parameters, 'id'), (error: Error) => {
      assert.match(error.message, reason);
      return ![forged, genuine, ofUser, ofPod].some((token) => error.message.includes(token));
    });
    assert.deepEqual([west.writes, east.writes], [[], []]);
  });

test('the account is the account that the API server in the mesh file authenticates', async () => {
  const { mesh, west, east } = meshWith(remoteSecret(genuine));
  const { account } = await remoteSecretRotated.prepare(mesh, parameters, 'id');
  assert.deepEqual(account, { namespace: 'istio-system', name: 'reader' });
  assert.deepEqual(asked, ['/apis/authentication.k8s.io/v1/selfsubjectreviews']);
  assert.deepEqual([west.writes, east.writes], [[], []]);
});

test('the current user of the kubeconfig gets a token of that account', async () => {
  const { mesh, west, east } = meshWith(remoteSecret(genuine));
  const undo = await remoteSecretRotated.prepare(mesh, parameters, 'id');
  await remoteSecretRotated.inject({ mesh, id: 'id', parameters, undo });
  const issued = east.get('Secret istio-system/meshproof-rotated-id');
  assert.equal(issued?.metadata?.annotations?.['kubernetes.io/service-account.name'], 'reader');
  const { east: encoded = '' } = west.get('Secret istio-system/istio-remote-secret-east')?.['data'] as Record<
    string,
    string
  >;
  const { users: tokens } = parse(Buffer.from(encoded, 'base64').toString()) as { users: object[] };
  assert.deepEqual(tokens, [
    { name: 'east', user: { token: 'new' } },
    { name: 'spare', user: { token: 'spare' } },
  ]);
});

for (const token of [otherAccount, forged])
  test(`a Secret that was replaced after the check does not get a token (${users[token] ? 'other' : 'forged'})`, async () => {
    const { mesh, west, east } = meshWith(remoteSecret(genuine));
    const undo = await remoteSecretRotated.prepare(mesh, parameters, 'id');
    west.put(remoteSecret(token));
    const injection = remoteSecretRotated.inject({ mesh, id: 'id', parameters, undo });
    await assert.rejects(injection, /cannot be rotated: .*Nothing was changed/);
    assert.deepEqual([west.writes, east.writes], [[], []]);
  });
