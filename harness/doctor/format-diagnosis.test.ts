import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import { broken, itemOf } from './broken-sample.ts';
import { judge } from './judge.ts';
import { formatDiagnosis } from './format-diagnosis.ts';

const unlabelled = () =>
  judge(
    broken(({ west }) => {
      itemOf(west.remoteSecrets).labelled = false;
      itemOf(west.istiods).clusters.pop();
      west.missing = [{ what: 'nodes', reason: 'forbidden', why: 'nodes is forbidden' }];
    }),
  );

test('a healthy mesh is one line', () => {
  assert.deepEqual(formatDiagnosis(judge(sampleSnapshot())), [
    'No findings: 120 checks of west, east.'.replace('120', String(judge(sampleSnapshot()).checks)),
  ]);
});

test('a cause has its evidence, its remedy and the number of its symptoms', () => {
  const lines = formatDiagnosis(unlabelled());
  assert.equal(lines[0], 'error   MP2104 west → east, Secret istio-system/istio-remote-secret-east');
  assert.match(lines[1] ?? '', /does not have the label istio\/multiCluster=true/);
  assert.ok(lines.includes('  · label istio/multiCluster: none, expected true'));
  assert.ok(
    lines.some((line) =>
      line.startsWith('  $ kubectl --context kind-meshproof-lab-west -n istio-system label secret'),
    ),
  );
  assert.ok(lines.includes('  explains 1 other finding: MP2202'));
  assert.match(
    lines.at(-1) ?? '',
    /^1 error, 0 warnings, 0 info, but 1 part could not be judged; \d+ checks of west, east\.$/,
  );
  assert.ok(lines.some((line) => line.startsWith('  west: nodes (nodes is forbidden); ')));
});

test('verbose output lists symptoms, and painted output has colours', () => {
  const lines = formatDiagnosis(unlabelled(), { verbose: true, paint: (style, text) => `<${style}>${text}` });
  assert.ok(lines.some((line) => /MP2202 west → east.*does not know/.test(line)));
  assert.ok(lines[0]?.startsWith('<red>error'));
});
