import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifOnlySickEjected } from './ejected-hosts.ts';
import { fail, pass } from './judgement.ts';

const judge = (...hosts: string[]) =>
  ifOnlySickEjected(
    { slow: fail('12 requests were slow'), kept: pass('none was') },
    { ejected: { 'west/probe-1': [], 'west/webapp-1': hosts }, pods: ['10.0.0.1', '10.0.0.2'], sick: 1 },
  );

test('where only the sick pod was ejected, or none, a failure is one', () => {
  assert.equal(judge('10.0.0.2')['slow']?.verdict, 'fail');
  assert.equal(judge()['slow']?.verdict, 'fail');
});

test('where a healthy pod or the gateway was ejected too, a failure cannot be judged, and what was kept was kept', () => {
  for (const hosts of [
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.2', '172.18.0.9'],
  ]) {
    const { slow, kept } = judge(...hosts);
    assert.equal(slow?.verdict, 'error');
    assert.equal(kept?.verdict, 'pass');
  }
  assert.match(
    judge('172.18.0.9')['slow']?.reason ?? '',
    /172.18.0.9, which was not sick.*12 requests were slow/,
  );
  assert.match(judge('10.0.0.1', '10.0.0.2')['slow']?.reason ?? '', /where 1 pod of them was sick/);
});
