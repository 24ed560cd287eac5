import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, type BrokenSample } from './broken-sample.ts';
import { judge } from './judge.ts';

const codes = (breakIt: (sample: BrokenSample) => void): string[] =>
  judge(broken(breakIt)).causes.map(({ finding }) => finding.code);

test('a check claims nothing about a field that no mesh file declares', () => {
  const moved = ({ west }: BrokenSample) => west.nodes.forEach((node) => (node.region = 'moon'));
  const renamed = ({ west }: BrokenSample) => west.installs.forEach((one) => (one.clusterName = 'w'));
  for (const [code, breakIt, field] of [
    ['MP4104', moved, 'region'],
    ['MP2119', renamed, 'name'],
  ] as const) {
    assert.ok(codes(breakIt).includes(code), `${code} with a declaration`);
    const undeclared = (sample: BrokenSample) => {
      breakIt(sample);
      sample.snapshot.declared.clusters.forEach((one) => (one.undeclared = [field]));
    };
    assert.ok(!codes(undeclared).includes(code), `${code} without a declaration`);
  }
});
