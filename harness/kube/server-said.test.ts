import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiException } from '#kubernetes-client';
import { adviceOn, serverSaid } from './server-said.ts';

const answer = (code: number, body: unknown) => new ApiException(code, 'Unknown API Status Code!', body, {});
const denied = answer(403, JSON.stringify({ kind: 'Status', message: 'namespaces "team" is forbidden' }));
const refused = new Error('fetch failed', {
  cause: Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6443'), { code: 'ECONNREFUSED' }),
});

test("a server's own message is what is quoted, not its headers", () => {
  assert.equal(serverSaid(denied), 'status 403: namespaces "team" is forbidden');
  assert.equal(serverSaid(answer(409, { message: 'conflict' })), 'status 409: conflict');
  assert.equal(serverSaid(answer(503, 'no backend\n')), 'status 503: no backend');
  assert.equal(serverSaid(answer(401, undefined)), 'status 401: without a word');
});

test('the answer is found in a cause', () => {
  const error = new Error('Cluster east refused Service team/catalog', { cause: denied });
  assert.equal(serverSaid(error), 'status 403: namespaces "team" is forbidden');
});

test('where no server answered, the connection says why', () => {
  assert.equal(serverSaid(refused), 'fetch failed: connect ECONNREFUSED 10.0.0.1:6443');
});

test('what to do depends on who said no', () => {
  const advice = (error: unknown) => adviceOn(error, { context: 'prod-east' });
  assert.match(advice(denied), /^Ask for that right for the account of context prod-east/);
  assert.match(advice(answer(401, undefined)), /^Renew the credentials of context prod-east/);
  assert.match(advice(refused), /kubectl --context prod-east get --raw \/readyz/);
  assert.equal(advice(answer(422, { message: 'invalid' })), '');
});
