import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ifOnlyUnhealthyEjected } from './ejected-hosts.ts';
import { fail, pass } from './judgement.ts';

const judge = (...hosts: string[]) =>
  ifOnlyUnhealthyEjected(
    { slow: fail('12 requests were slow'), kept: pass('none was') },
    {
      ejected: { 'west/probe-1': [], 'west/webapp-1': hosts },
      pods: ['10.0.0.1', '10.0.0.2'],
      unhealthy: 1,
    },
  );

test('a fail stays a fail if only the unhealthy pod was ejected, or no pod', () => {
  assert.equal(judge('10.0.0.2')['slow']?.verdict, 'fail');
  assert.equal(judge()['slow']?.verdict, 'fail');
});

test('if a healthy pod or the gateway was ejected, a fail becomes an error and a pass stays a pass', () => {
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
    /172.18.0.9, which was healthy.*12 requests were slow/,
  );
  assert.match(judge('10.0.0.1', '10.0.0.2')['slow']?.reason ?? '', /but only 1 pod of them was unhealthy/);
});
