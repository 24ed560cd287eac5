import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';

/** The remedy of the first finding with a code. */
function remedyOf(code: string, change: (sample: BrokenSample) => void): string {
  const { causes } = judge(broken(change));
  const all = causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  return itemOf(all, (finding) => finding.code === code).remedy;
}

test('a remedy names the API server, the namespace of istiod and both clusters', () => {
  const remedy = remedyOf('MP2101', ({ west, east }) => {
    west.remoteSecrets = [];
    east.apiServer!.url = 'https://api.east.example:6443';
    itemOf(west.installs).namespace = 'mesh';
    itemOf(west.installs).settings!.rootNamespace = 'istio-system';
  });
  assert.match(
    remedy,
    /--context \S*east --name east --server https:\/\/api\.east\.example:6443 \| kubectl --context \S*west -n mesh apply -f -$/,
  );
});

test('a loopback address of an API server is not given to istiod', () => {
  const remedy = remedyOf('MP2101', ({ west, east }) => {
    west.remoteSecrets = [];
    east.apiServer!.url = 'https://127.0.0.1:40001';
  });
  // The address of the only node of east, as pods of west reach it.
  assert.match(remedy, /--server https:\/\/172\.30\.1\.2:6443 /);
});

test('a remedy names the account of a remote secret and the reader role of Istio', () => {
  const secretOf = ({ west }: BrokenSample) => {
    const subject = 'system:serviceaccount:istio-system:reader';
    itemOf(west.remoteSecrets).token = { subject, audiences: [] };
    return itemOf(west.readerAccess);
  };
  const less = remedyOf('MP2111', (sample) => void (secretOf(sample).may['list pods'] = false));
  assert.match(
    less,
    /create clusterrolebinding \S+ --clusterrole=istio-reader-clusterrole-istio-system --serviceaccount=istio-system:reader$/,
  );
  const rule = { namespaces: ['default'], verbs: ['delete'], apiGroups: [''], resources: ['pods'] };
  const more = remedyOf('MP2112', (sample) => void secretOf(sample).rules?.push(rule));
  assert.match(more, /\| grep reader /);
});

test('a remedy names the old one of two remote secrets', () => {
  const remedy = remedyOf('MP2114', ({ west }) => {
    const secret = itemOf(west.remoteSecrets);
    west.remoteSecrets.push({ ...secret, name: 'before', createdAt: '2025-01-01T00:00:00.000Z' });
  });
  assert.match(remedy, /-n istio-system delete secret before /);
});

test('a remedy names the Deployment of a pod, and the revision that exists', () => {
  const restart = remedyOf('MP6102', ({ east }) => {
    const pod = itemOf(east.pods, ({ name }) => name.startsWith('inventory'));
    pod.sidecar = false;
    delete pod.proxy;
    pod.owner = 'ReplicaSet/inventory-7c5d';
  });
  assert.match(restart, /-n meshproof rollout restart deployment inventory$/);
  const label = remedyOf('MP6103', ({ east }) => {
    itemOf(east.namespaces, ({ name }) => name === 'meshproof').labels = { 'istio.io/rev': 'old' };
  });
  assert.match(label, /label namespace meshproof istio\.io\/rev=default --overwrite$/);
});

test('a remedy names the pod of a proxy', () => {
  const remedy = remedyOf('MP2205', ({ west }) => {
    const proxy = itemOf(itemOf(west.istiods).connected);
    Object.assign(proxy, { proxy: 'catalog-1.meshproof', rejected: ['CDS: no such filter'] });
  });
  assert.match(remedy, /-n meshproof logs catalog-1 -c istio-proxy/);
});
