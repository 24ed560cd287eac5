import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOpen, judgeRefusal } from './refusal.ts';

const server = 'spiffe://cluster.local/ns/meshproof/sa/orders';
const shown = [{ pem: '', subject: '', issuer: '', uris: [server] }];
const refused = {
  handshake: 'completed',
  chain: shown,
  received: Buffer.alloc(0),
  ended: 'alert',
  alert: 'certificate required',
} as const;

test('an alert after the certificate, without a byte, passes', () => {
  const { verdict, reason } = judgeRefusal({ attempts: [refused, refused], server, atLeast: 2 });
  assert.equal(verdict, 'pass');
  assert.equal(reason, `refused by ${server} without a byte: 2 "certificate required"`);
});

test('an answer fails, whatever follows it', () => {
  const answered = { ...refused, received: Buffer.from('HTTP/1.1 200 OK') };
  const { verdict, reason } = judgeRefusal({ attempts: [refused, answered], server, atLeast: 2 });
  assert.equal(verdict, 'fail');
  assert.match(reason, /answered with 15 bytes in 2 attempts/);
});

test('a connection that stays open was not refused', () => {
  const silent = { ...refused, ended: 'silence' } as const;
  assert.equal(judgeRefusal({ attempts: [silent], server, atLeast: 1 }).verdict, 'fail');
  assert.ok(isOpen(silent));
  const elsewhere = { ...silent, chain: [] };
  assert.equal(judgeRefusal({ attempts: [refused, elsewhere], server, atLeast: 1 }).verdict, 'fail');
});

test('silence before the handshake cannot be judged', () => {
  const stuck = { ...refused, chain: [], handshake: 'refused' as const, ended: 'silence' as const };
  assert.ok(!isOpen(stuck));
  assert.equal(judgeRefusal({ attempts: [stuck, stuck], server, atLeast: 1 }).verdict, 'error');
  assert.equal(
    judgeRefusal({ attempts: [{ ...stuck, ended: 'answered' }], server, atLeast: 1 }).verdict,
    'fail',
  );
});

test('an attempt that did not reach the workload does not count', () => {
  const lost = {
    ...refused,
    chain: [],
    handshake: 'noConnection' as const,
    ended: 'closed' as const,
    error: 'ECONNREFUSED',
  };
  const { verdict, reason } = judgeRefusal({ attempts: [lost, refused], server, atLeast: 2 });
  assert.equal(verdict, 'error');
  assert.match(reason, /1 attempt reached .*orders, 2 are needed; 1 ended at noConnection: ECONNREFUSED/);
  assert.equal(judgeRefusal({ attempts: [lost, refused], server, atLeast: 1 }).verdict, 'pass');
  const elsewhere = {
    ...refused,
    chain: [{ ...shown[0], pem: '', subject: '', issuer: '', uris: ['spiffe://x'] }],
  };
  assert.match(judgeRefusal({ attempts: [elsewhere], server, atLeast: 1 }).reason, /1 ended at spiffe:\/\/x/);
  assert.equal(judgeRefusal({ attempts: [], server, atLeast: 0 }).verdict, 'error');
});
