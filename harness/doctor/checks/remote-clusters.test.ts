import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificate } from '../../snapshot/sample/sample.ts';
import { assertFirst, broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';
import { addOtherMesh } from '../other-mesh-sample.ts';

/** East becomes a remote cluster of west. */
function remote({ snapshot, west, east }: BrokenSample): void {
  itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').role = 'remote';
  itemOf(west.istiods).connected.push(...east.istiods.flatMap(({ connected }) => connected));
  east.pods = east.pods.filter(({ labels }) => labels['app'] !== 'istiod');
  east.installs = east.installs.map((one) => ({
    ...{ ...one, istiod: false, env: {}, remotePilotAddress: '172.30.0.2' },
  }));
  for (const hook of east.webhooks) {
    delete hook.service;
    hook.target = 'https://172.30.0.2:15017/inject/cluster/east/net/east-net';
  }
  Object.assign(east, { istiods: [], remoteSecrets: [], readerAccess: [], probes: [], authorities: [] });
}

const codes = (change: (sample: BrokenSample) => void) =>
  judge(broken(change)).causes.flatMap(({ finding, symptoms }) =>
    [finding, ...symptoms].map(({ code }) => code),
  );
const own = ['MP2112', 'MP2120', 'MP2121', 'MP2122', 'MP2123', 'MP2206', 'MP2208', 'MP6106', 'MP6110'];

test('healthy: a primary and its remote cluster', () => {
  assert.deepEqual(
    codes(remote).filter((code) => own.includes(code)),
    [],
  );
});

test('broken: no istiod knows the proxies of the remote cluster', () => {
  const lost = (sample: BrokenSample) => {
    remote(sample);
    const istiod = itemOf(sample.west.istiods);
    istiod.connected = istiod.connected.filter(({ cluster }) => cluster !== 'east');
    for (const { proxy } of sample.east.pods)
      if (proxy) proxy.discoveryAddress = 'istiod.istio-system.svc:15012';
  };
  const found = judge(broken(lost)).causes.find(({ finding }) => finding.code === 'MP2123')?.finding;
  assert.equal(found?.severity, 'error');
  assert.match(
    found?.cause ?? '',
    /^(\d+) of \1 proxies of east .* they use istiod\.istio-system\.svc:15012 \(172\.30\.0\.2\)\.$/,
  );
  const part = (sample: BrokenSample) => {
    remote(sample);
    itemOf(sample.west.istiods).connected.pop();
  };
  const some = judge(broken(part)).causes.find(({ finding }) => finding.code === 'MP2123')?.finding;
  assert.equal(some?.severity, 'warning');
});

test('a list of connected proxies that was refused proves nothing about a remote cluster', () => {
  const found = codes((sample) => {
    remote(sample);
    const istiod: { connected?: unknown } = itemOf(sample.west.istiods);
    delete istiod.connected;
    const why = 'GET /debug/syncz: 401';
    sample.west.missing.push({ what: 'istiods', of: 'istio-system/istiod-1', reason: 'failed', why });
  });
  assert.ok(!found.includes('MP2123'), found.join());
});

test('a remote cluster whose primary is not asked is not judged', () => {
  const found = codes((sample) => {
    remote(sample);
    const istiod = itemOf(sample.west.istiods);
    istiod.connected = istiod.connected.filter(({ cluster }) => cluster !== 'east');
    istiod.clusters = istiod.clusters.filter(({ id }) => id !== 'east');
  });
  assert.ok(!found.includes('MP2123'), found.join());
});

test('broken: the webhook of a remote cluster does not have a CA bundle', () => {
  const bare = (sample: BrokenSample) => {
    remote(sample);
    const { east } = sample;
    for (const hook of east.webhooks) hook.caBundle = [];
    for (const one of east.workloads)
      if (one.namespace === 'meshproof') Object.assign(one, { current: 0, updated: 0 });
    itemOf(east.namespaces, ({ name }) => name === 'istio-system').annotations = {};
  };
  const found = judge(broken(bare)).causes.find(({ finding }) => finding.code === 'MP6110')?.finding;
  assert.equal(found?.severity, 'error');
  assert.match(found?.cause ?? '', /cannot verify https:\/\/172\.30\.0\.2:15017.*workloads lack pods/);
  assert.ok(
    found?.evidence.some(({ what, seen }) => what.includes('controlPlaneClusters') && seen === 'none'),
  );
  assert.match(
    found?.remedy ?? '',
    /annotate namespace istio-system --overwrite topology\.istio\.io\/controlPlaneClusters=west/,
  );
  assert.match(found?.remedy ?? '', /set env deployment\/istiod EXTERNAL_ISTIOD=true/);
});

test('a webhook without a CA bundle: a URL may have a public certificate, istiod does not', () => {
  const url = (sample: BrokenSample) => {
    remote(sample);
    for (const hook of sample.east.webhooks) hook.caBundle = [];
  };
  const found = judge(broken(url)).causes.find(({ finding }) => finding.code === 'MP6110')?.finding;
  assert.equal(found?.severity, 'warning');
  assertFirst(({ west }) => west.webhooks.forEach((hook) => (hook.caBundle = [])), {
    code: 'MP6110',
    severity: 'error',
    cluster: 'west',
  });
});

test('healthy: a webhook that is deactivated does not need a CA bundle', () => {
  const off = { matchLabels: { 'istio.io/deactivated': 'never-match' }, matchExpressions: [] };
  const found = codes(({ west }) => {
    west.webhooks.push({
      ...structuredClone(itemOf(west.webhooks)),
      ...{ configuration: 'old', namespaceSelector: off, objectSelector: off, caBundle: [] },
    });
  });
  assert.deepEqual(found, []);
});

test('the account of a primary may write ConfigMaps and webhooks of its remote cluster, not of another primary', () => {
  const rules = [
    { verbs: ['create', 'get', 'list', 'watch', 'update'], apiGroups: [''], resources: ['configmaps'] },
    {
      ...{ verbs: ['get', 'list', 'watch', 'update', 'patch'], apiGroups: ['admissionregistration.k8s.io'] },
      resources: ['mutatingwebhookconfigurations'],
    },
  ].map((rule) => ({ ...rule, namespaces: ['istio-system'] }));
  const may = ({ west }: BrokenSample) => void itemOf(west.readerAccess).rules?.push(...rules);
  assertFirst(may, { code: 'MP2112', severity: 'warning', cluster: 'west', peer: 'east' });
  const found = codes((sample) => {
    remote(sample);
    may(sample);
  });
  assert.ok(!found.includes('MP2112'), found.join());
});

test('healthy: a remote secret with a proxy-url is not judged by direct connections', () => {
  const found = codes(({ west }) => {
    const secret = itemOf(west.remoteSecrets);
    Object.assign(secret, { server: 'https://127.0.0.1:6443', proxied: true });
    west.readerAccess = [];
    const of = `${secret.namespace}/${secret.name}`;
    west.missing.push({ what: 'readerAccess', of, reason: 'noWay', why: 'it uses a proxy (proxy-url)' });
    for (const probe of west.probes) if (probe.target === 'apiServer') probe.chain = [];
  });
  assert.deepEqual(found, []);
});

test('healthy: a remote cluster hosts the istiod of another mesh', () => {
  const found = codes((sample) => {
    addOtherMesh(sample.east);
    const others = sample.east.installs.filter(({ namespace }) => namespace === 'istio-dev');
    remote(sample);
    sample.east.installs = [...others, ...sample.east.installs.filter(({ revision }) => revision !== 'dev')];
  });
  assert.deepEqual(
    found.filter((code) => own.includes(code)),
    [],
  );
});

test('broken: the primary of a remote cluster is stopped, which explains the proxies of the remote cluster', () => {
  const { causes } = judge(
    broken((sample) => {
      remote(sample);
      sample.west.pods = sample.west.pods.filter(({ labels }) => labels['app'] !== 'istiod');
      sample.west.istiods = [];
    }),
  );
  assert.equal(causes[0]?.finding.code, 'MP2206');
  assert.ok(!causes.some(({ finding }) => finding.code === 'MP2123'));
});

test('healthy: namespaces ask for a revision by its tag', () => {
  const found = codes(({ west, east }) => {
    for (const { namespaces, webhooks } of [west, east]) {
      for (const { labels } of namespaces)
        if (labels['istio-injection']) {
          delete labels['istio-injection'];
          labels['istio.io/rev'] = 'prod';
        }
      const [hook] = webhooks;
      const byTag = { key: 'istio.io/rev', operator: 'In', values: ['prod'] };
      if (hook)
        webhooks.push({
          ...{ ...structuredClone(hook), configuration: 'istio-revision-tag-prod', tag: 'prod' },
          namespaceSelector: { matchLabels: {}, matchExpressions: [byTag] },
        });
    }
  });
  assert.deepEqual(found, []);
});

test('broken: the CA bundle of a webhook is an old root; an old root beside the new one is healthy', () => {
  const old = certificate('old-root', { isCa: true, selfSigned: true, subject: 'CN=Old root' });
  const bundle =
    (...kept: string[]) =>
    ({ snapshot, west }: BrokenSample) => {
      snapshot.certificates.push(old);
      for (const hook of west.webhooks) hook.caBundle = [...kept, old.fingerprint];
    };
  assertFirst(bundle(), { code: 'MP6111', severity: 'info', cluster: 'west' });
  assertFirst(
    (sample) => {
      bundle()(sample);
      for (const one of sample.west.workloads)
        if (one.namespace === 'meshproof') one.current = Math.max(0, one.wanted - 1);
    },
    { code: 'MP6111', severity: 'error', cluster: 'west' },
  );
  const root = itemOf(itemOf(broken(() => undefined).clusters[0]?.roots ?? []).roots);
  assert.deepEqual(codes(bundle(root)), []);
});
