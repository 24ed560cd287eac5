import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeCallerIdentity, parseXfcc } from './caller-identity.ts';

const caller = 'spiffe://cluster.local/ns/meshproof/sa/probe';
const server = 'spiffe://cluster.local/ns/meshproof/sa/orders';
const xfcc = `By=${server};Hash=df087b95;Subject="";URI=${caller}`;

test('the header is parsed into elements, with quoted values and keys in any case', () => {
  assert.deepEqual(parseXfcc(`by=a;Hash=1;Subject="CN=x,O=\\"y;z\\"";URI=b,By=c;URI=d`), [
    { by: 'a', hash: '1', uri: 'b' },
    { by: 'c', uri: 'd' },
  ]);
});

test('the caller on a connection to the server itself, in every request, passes', () => {
  const { verdict, reason } = judgeCallerIdentity({ seen: [xfcc, xfcc], caller, server, atLeast: 2 });
  assert.equal(verdict, 'pass');
  assert.equal(reason, `all 2 requests showed ${caller} to ${server}`);
});

test('another identity, a hop between, and a missing certificate fail', () => {
  const gateway = xfcc.replace('sa/probe', 'sa/gateway');
  for (const odd of [gateway, `${xfcc},${gateway}`, null, '']) {
    const { verdict } = judgeCallerIdentity({ seen: [xfcc, odd], caller, server, atLeast: 5 });
    assert.equal(verdict, 'fail', String(odd));
  }
  const { reason } = judgeCallerIdentity({ seen: [null, xfcc], caller, server, atLeast: 2 });
  assert.match(reason, /^1 of 2 requests did not show .*, but 1 no certificate$/);
});

test('too few requests cannot be judged', () => {
  assert.equal(judgeCallerIdentity({ seen: [xfcc], caller, server, atLeast: 2 }).verdict, 'error');
  assert.equal(judgeCallerIdentity({ seen: [], caller, server, atLeast: 0 }).verdict, 'error');
});
