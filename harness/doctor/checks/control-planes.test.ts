import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkloadRecord } from '../../snapshot/schema.ts';
import { assertFirst, broken, itemOf, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import { judge } from '../judge.ts';
import { addOtherMesh } from '../other-mesh-sample.ts';

const istiodPod = ({ pods }: SampleCluster) => itemOf(pods, ({ labels }) => labels['app'] === 'istiod');

test('broken: the mesh file names a root namespace without a control plane, and nothing is guessed', () => {
  const moved = ({ snapshot, west }: BrokenSample) => {
    snapshot.declared.rootNamespace = 'istio-control';
    west.remoteSecrets = [];
  };
  const { finding } = assertFirst(moved, { code: 'MP2121', severity: 'error' });
  assert.equal(finding.cluster, undefined);
  assert.match(finding.cause, /istio-control, but the control planes of west and east are in istio-system/);
  const { causes, unknown } = judge(broken(moved));
  assert.equal(causes.filter(({ finding: one }) => one.severity !== 'info').length, 1);
  assert.match(unknown[0]?.why ?? '', /names the root namespace istio-control/);
  assert.ok(unknown[0]?.checks.includes('MP2101'));
});

test('healthy: a root namespace that no mesh file declares may differ', () => {
  const { causes } = judge(
    broken(({ snapshot }) => {
      snapshot.declared.rootNamespace = 'istio-control';
      snapshot.declared.undeclared = ['rootNamespace'];
    }),
  );
  assert.deepEqual(causes, []);
});

test('healthy: the root namespace of MeshConfig is not the namespace of istiod', () => {
  const { causes } = judge(
    broken(({ snapshot, west, east }) => {
      snapshot.declared.rootNamespace = 'mesh-config';
      for (const cluster of [west, east]) itemOf(cluster.installs).settings!.rootNamespace = 'mesh-config';
    }),
  );
  assert.deepEqual(causes, []);
});

test('broken: a primary of the mesh file does not have an istiod', () => {
  assertFirst(
    ({ west }) => {
      west.installs = [];
      west.istiods = [];
      west.pods = west.pods.filter(({ labels }) => labels['app'] !== 'istiod');
    },
    { code: 'MP2121', severity: 'error', cluster: 'west' },
  );
});

test('two istiods of one revision in two namespaces: an info, or a warning if both inject the same namespaces', () => {
  const second = ({ west }: BrokenSample) => addOtherMesh(west, { revision: 'default' });
  const { finding } = assertFirst(second, { code: 'MP2120', severity: 'info', cluster: 'west' });
  assert.match(finding.cause, /in istio-system and in istio-dev; only istio-system is judged/);
  assertFirst(
    (sample) => {
      second(sample);
      const [ours] = sample.west.webhooks.filter(({ service }) => service?.namespace === 'istio-system');
      for (const hook of sample.west.webhooks)
        if (hook.service?.namespace === 'istio-dev')
          Object.assign(hook, {
            namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' }, matchExpressions: [] },
            objectSelector: ours?.objectSelector,
          });
    },
    { code: 'MP2120', severity: 'warning', cluster: 'west' },
  );
});

/** A canary revision in the namespace of the running one. */
function canary(cluster: SampleCluster, proxies: number): void {
  const install = structuredClone(itemOf(cluster.installs));
  Object.assign(install, { revision: 'canary', clusterName: 'west-2', network: 'net-2' });
  cluster.installs.push(install);
  const stable = itemOf(cluster.istiods);
  cluster.istiods.push({
    ...{ ...structuredClone(stable), pod: 'canary-1', revision: 'canary' },
    connected: stable.connected.splice(0, proxies),
  });
  cluster.pods.push({
    ...structuredClone(istiodPod(cluster)),
    ...{ name: 'canary-1', labels: { app: 'istiod', 'istio.io/rev': 'canary' } },
  });
}

test('broken: a canary revision has another clusterName; it is an info as long as it does not have proxies', () => {
  assertFirst(({ west }) => canary(west, 2), {
    ...{ code: 'MP2122', severity: 'error', cluster: 'west', symptoms: ['MP2119', 'MP3112'] },
  });
  const { causes } = judge(broken(({ west }) => canary(west, 0)));
  const found = causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  assert.equal(found.find(({ code }) => code === 'MP2122')?.severity, 'info');
});

const deployment = (namespace: string, wanted: number): WorkloadRecord => ({
  ...{ kind: 'Deployment', namespace, name: 'istiod', labels: {}, selector: { app: 'istiod' } },
  ...{ templateLabels: { app: 'istiod' }, templateAnnotations: {}, observed: true },
  ...{ wanted, current: wanted, ready: wanted, updated: wanted },
});

test('broken: a stopped istiod is reported as stopped, with the command that starts it', () => {
  const { finding } = assertFirst(
    ({ west }) => {
      west.pods = west.pods.filter(({ labels }) => labels['app'] !== 'istiod');
      west.istiods = [];
      west.workloads = west.workloads.filter(({ name }) => name !== 'istiod');
      west.workloads.push(deployment('istio-system', 0));
    },
    { code: 'MP2206', severity: 'error', cluster: 'west' },
  );
  assert.match(
    finding.cause,
    /istiod of west is stopped: the Deployment istio-system\/istiod has 0 replicas/,
  );
  assert.match(finding.remedy, /-n istio-system scale deployment istiod --replicas=1$/);
});

test('healthy: an old revision without proxies is scaled to zero', () => {
  const { causes } = judge(
    broken(({ west }) => {
      west.installs.push({ ...structuredClone(itemOf(west.installs)), revision: 'old' });
    }),
  );
  assert.deepEqual(causes, []);
});

test('an istiod that does not take a remote secret is restarted after a minute', () => {
  const remedy = (createdAt: string) => {
    const { finding } = assertFirst(
      ({ west }) => {
        itemOf(west.remoteSecrets).createdAt = createdAt;
        itemOf(west.istiods).clusters.splice(1);
      },
      { code: 'MP2202', cluster: 'west', peer: 'east' },
    );
    return finding.remedy;
  };
  assert.match(remedy('2026-11-01T11:00:00.000Z'), /-n istio-system rollout restart deployment istiod$/);
  assert.match(remedy('2026-11-01T11:59:50.000Z'), /logs istiod-/);
});
