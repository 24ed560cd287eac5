import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertFirst,
  assertHealthy,
  broken,
  itemOf,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const annotation = 'topology.istio.io/controlPlaneClusters';

/** Makes east a remote cluster whose pods with sidecars never started. */
function remoteWithoutRoot({ snapshot, east }: BrokenSample): void {
  itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').role = 'remote';
  east.installs = east.installs.map((one) => ({ ...one, istiod: false, env: {} }));
  const injected = east.pods.filter(({ proxy }) => proxy);
  east.pods = east.pods.filter(({ proxy, labels }) => !proxy && labels['app'] !== 'istiod');
  east.workloads = east.workloads.filter(({ name }) => name !== 'istiod');
  for (const one of east.workloads)
    if (injected.some(({ labels }) => labels['app'] === one.selector['app']))
      Object.assign(one, { current: 0, ready: 0, updated: 0 });
  Object.assign(east, { roots: [], proxies: [], istiods: [], authorities: [], probes: [] });
}

const systemOf = ({ namespaces }: SampleCluster) => itemOf(namespaces, ({ name }) => name === 'istio-system');

const findingOf = (breakIt: (sample: BrokenSample) => void) => {
  const found = judge(broken(breakIt)).causes.find(({ finding }) => finding.code === 'MP1120');
  assert.ok(found);
  assert.equal(found.finding.severity, 'error');
  assert.equal(found.finding.cluster, 'east');
  return found;
};

test('broken: a remote cluster has no root in any namespace, and its system namespace names no primary', () => {
  const { finding, symptoms } = findingOf((sample) => {
    remoteWithoutRoot(sample);
    systemOf(sample.east).annotations = {};
  });
  assert.match(finding.cause, new RegExp(`does not name the cluster of its istiod in ${annotation}`));
  assert.match(finding.cause, /Deployment \S+ and \d more cannot start pods|cannot start pods/);
  assert.match(finding.remedy, new RegExp(`annotate namespace istio-system --overwrite ${annotation}=west`));
  assert.ok(symptoms.some(({ code }) => code === 'MP3205'));
});

test('broken: the system namespace names the primary, but its istiod is not set up for remote clusters', () => {
  const { finding } = findingOf((sample) => {
    remoteWithoutRoot(sample);
    systemOf(sample.east).annotations = { [annotation]: 'west' };
  });
  assert.match(finding.cause, /because istiod of west does not write it/);
  assert.match(finding.remedy, /externalIstiod=true/);
});

test('the reason is not named if a snapshot of an earlier version has no annotations', () => {
  const { finding } = findingOf(remoteWithoutRoot);
  assert.doesNotMatch(finding.cause, /because/);
  assert.ok(finding.evidence.some(({ seen }) => seen === 'not in the snapshot'));
});

test('broken: one namespace with sidecars does not have the root; a warning while its pods run', () => {
  const without = ({ east }: BrokenSample) =>
    void (east.roots = east.roots.filter(({ namespace }) => namespace !== 'meshproof'));
  assertFirst(without, { code: 'MP1121', severity: 'warning', cluster: 'east' });
  assertFirst(
    (sample) => {
      without(sample);
      const catalog = itemOf(sample.east.workloads, ({ name }) => name === 'probe');
      Object.assign(catalog, { ready: 0 });
    },
    { code: 'MP1121', severity: 'error', cluster: 'east' },
  );
});

test('healthy: the root of a namespace without sidecars is missing, or pods do not mount it', () => {
  assertHealthy(
    broken(({ east }) => {
      east.roots = east.roots.filter(({ namespace }) => namespace !== 'default');
    }),
  );
  assertHealthy(
    broken(({ west, east }) => {
      for (const cluster of [west, east]) {
        cluster.roots = [];
        itemOf(cluster.installs).env['ENABLE_CLUSTER_TRUST_BUNDLE_API'] = 'true';
      }
    }),
  );
});
