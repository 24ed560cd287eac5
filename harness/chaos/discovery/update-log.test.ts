import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { MeshCluster } from '../../mesh/attach.ts';
import { awaitUpdate, knownUpdates, newerThan, updatesIn } from './update-log.ts';

const text = (at: string, cluster: string, what = 'Update cluster') =>
  `${at} 2026-11-24T15:00:00.1Z\tinfo\t${what}\tcluster=${cluster} config=istio-system/istio-remote-secret-${cluster}`;
const json = (at: string, cluster: string) =>
  `${at} {"level":"info","time":"2026-11-24T15:00:00.1Z","msg":"Update cluster","cluster":"${cluster}","config":"a/b"}`;
const at = (second: number) => `2026-11-24T15:00:0${second}.000000001Z`;

test('updates of a cluster, and of this cluster only, are found as text and as JSON', () => {
  const log = [
    text(at(1), 'east'),
    json(at(2), 'east'),
    text(at(3), 'east-1'),
    json(at(4), 'northeast'),
    text(at(5), 'east', 'Add cluster'),
    text(at(6), 'east', 'Update cluster: create remote cluster failed: exec is not allowed'),
  ].join('\n');
  assert.deepEqual(
    updatesIn(log, 'east').map((line) => line.at),
    [at(1), at(2), at(6)],
  );
});

test('a line of JSON that was there before is not new', () => {
  const lines = updatesIn(json(at(1), 'east'), 'east');
  assert.equal(newerThan(lines, at(1)), undefined);
  assert.equal(newerThan(lines, '')?.at, at(1));
});

/** Istiods by name, each with its log. */
function cluster(logs: Record<string, string[]>): MeshCluster {
  const pod = (name: string) => ({
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const core = {
    listNamespacedPod: async () => ({ items: Object.keys(logs).map(pod) }),
    readNamespacedPodLog: async ({ name, timestamps }: { name: string; timestamps?: boolean }) => {
      assert.ok(timestamps, 'without the times of the node the clock of this machine would be asked');
      return (logs[name] ?? []).join('\n');
    },
  };
  return new MeshCluster({ name: 'west' } as MeshFileCluster, { core } as unknown as ClusterApi, 'workloads');
}

test('each known istiod has to log an update, and an istiod that started since does not', async () => {
  const logs: Record<string, string[]> = { one: [json(at(1), 'east')], two: [] };
  const west = cluster(logs);
  const known = await knownUpdates(west, 'istio-system', 'east');
  assert.deepEqual(known, { one: at(1), two: '' });
  logs['three'] = [];
  logs['one']?.push(json(at(3), 'east'));
  let evidence: string | undefined;
  const waiting = awaitUpdate(west, 'istio-system', 'east', known).then((said) => (evidence = said));
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(evidence, undefined, 'istiod two has not logged an update');
  logs['two']?.push(text(at(2), 'east'));
  assert.match(await waiting, /^istiod of west logs ".*Update cluster/);
});

test('evidence does not quote a token', async () => {
  const token = ['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiJzeXN0ZW0ifQ', 'c2lnbmF0dXJlc2lnbmF0dXJl'].join('.');
  const west = cluster({ one: [text(at(2), 'east', `Update cluster: failed with ${token}`)] });
  const evidence = await awaitUpdate(west, 'istio-system', 'east', { one: '' });
  assert.ok(!evidence.includes(token), evidence);
});
