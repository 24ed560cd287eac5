import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf, chainText, chainsIn, countsOf } from './iptables.ts';
import { matchesOf, passageText, type Passage } from './link/directions.ts';

const westToEast = { from: 'west', to: 'east', in: 'eth0', out: 'eth1' };
const eastToWest = { from: 'east', to: 'west', in: 'eth1', out: 'eth0' };
const passage = (over: Partial<Passage> = {}): Passage => ({
  ways: [westToEast],
  ports: [15443],
  oneWay: 'connections',
  ...over,
});

test('connections in one direction: packets of the client and the answers', () => {
  assert.deepEqual(matchesOf(passage()), [
    { in: 'eth0', out: 'eth1', to: 15443 },
    { in: 'eth1', out: 'eth0', from: 15443 },
  ]);
});

test('packets in one direction: those of clients and those of servers', () => {
  assert.deepEqual(matchesOf(passage({ oneWay: 'packets' })), [
    { in: 'eth0', out: 'eth1', to: 15443 },
    { in: 'eth0', out: 'eth1', from: 15443 },
  ]);
});

test('both directions are the same packets in each notation, and each once', () => {
  const both = { ways: [westToEast, eastToWest] };
  const sorted = (of: Passage) =>
    matchesOf(of)
      .map((one) => JSON.stringify(one))
      .sort();
  assert.equal(matchesOf(passage(both)).length, 4);
  assert.deepEqual(sorted(passage(both)), sorted(passage({ ...both, oneWay: 'packets' })));
});

test('a chain is committed as a whole, before the rules of the link, and counts before it acts', () => {
  assert.equal(
    chainText(chainOf('abcd1234'), 'FORWARD', [{ in: 'eth0', to: 15443 }], { kind: 'drop' }),
    `*filter
:meshproof-abcd1234 - [0:0]
-A meshproof-abcd1234 -i eth0 -p tcp --dport 15443
-A meshproof-abcd1234 -i eth0 -p tcp --dport 15443 -j DROP
-I FORWARD 1 -j meshproof-abcd1234
COMMIT
`,
  );
});

test('a share, a reset, and all interfaces but one', () => {
  const text = (verdict: Parameters<typeof chainText>[3]) =>
    chainText('c', 'INPUT', [{ notIn: 'lo', to: 1 }], verdict);
  assert.match(text({ kind: 'reset' }), /-A c ! -i lo -p tcp --dport 1 -j REJECT --reject-with tcp-reset\n/);
  assert.match(
    text({ kind: 'drop', share: 0.2 }),
    /--dport 1 -m statistic --mode random --probability 0\.2000 -j DROP\n/,
  );
  assert.match(text({ kind: 'drop', share: 1 }), /--dport 1 -j DROP\n/);
});

test('the name of a chain is within what iptables allows', () => {
  assert.ok(chainOf('abcd1234').length <= 28);
});

const saved = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:meshproof-abcd1234 - [0:0]
:meshproof-zzzz9999 - [0:0]
[12:720] -A INPUT -j meshproof-zzzz9999
[9:540] -A FORWARD -j meshproof-abcd1234
[7:420] -A meshproof-abcd1234 -i eth0 -p tcp -m tcp --dport 15443
[3:180] -A meshproof-abcd1234 -i eth0 -p tcp -m tcp --dport 15443 -m statistic --mode random --probability 0.3 -j DROP
[4:240] -A meshproof-abcd1234 -i eth1 -p tcp -m tcp --sport 15443
[1:60] -A meshproof-abcd1234 -i eth1 -p tcp -m tcp --sport 15443 -j DROP
COMMIT
`;

test('counters are of one chain: seen by its counting rules, matched by the others', () => {
  assert.deepEqual(countsOf(saved, 'meshproof-abcd1234'), { seen: 11, taken: 4 });
  assert.deepEqual(countsOf(saved, 'meshproof-none'), { seen: 0, taken: 0 });
});

test('chains of meshproof are found with the chains that call them', () => {
  assert.deepEqual(chainsIn(saved), [
    { chain: 'meshproof-abcd1234', hook: 'FORWARD' },
    { chain: 'meshproof-zzzz9999', hook: 'INPUT' },
  ]);
});

test('a passage as text', () => {
  assert.equal(passageText(passage({ oneWay: 'packets' })), 'west→east 15443, packets in that direction');
  assert.equal(
    passageText(passage({ ways: [westToEast, eastToWest], ports: [15443, 6443] })),
    'west↔east 15443+6443',
  );
});
