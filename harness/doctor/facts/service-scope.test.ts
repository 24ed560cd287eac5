import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshSettings } from '../../snapshot/schema.ts';
import { broken, itemOf, resource, type BrokenSample } from '../broken-sample.ts';
import { MeshView } from '../mesh-view.ts';
import { clusterLocalHosts, isExportedTo, scopeOf } from './service-scope.ts';

const isLocal = (given: Partial<MeshSettings>, host: string): boolean =>
  clusterLocalHosts(
    {
      ...{ trustDomainAliases: [], discoverySelectors: [], caCertificates: [], clusterLocalHosts: [] },
      ...{ defaultExportTo: {}, providers: [], ...given },
    },
    'cluster.local',
  )(host);
const cart = 'cart.shop.svc.cluster.local';
const dns = 'kube-dns.kube-system.svc.cluster.local';

test('the most specific host of serviceSettings decides, then the last entry', () => {
  const entry = (clusterLocal: boolean, ...hosts: string[]) => ({ clusterLocal, hosts });
  const given = (...serviceSettings: ReturnType<typeof entry>[]) => ({ serviceSettings });
  assert.ok(isLocal(given(entry(true, '*')), cart));
  assert.ok(isLocal(given(entry(true, '*.shop.svc.cluster.local')), cart));
  assert.ok(!isLocal(given(entry(true, '*.shop.svc.cluster.local')), 'cart.shopping.svc.cluster.local'));
  assert.ok(!isLocal(given(entry(true, '*.shop.svc.cluster.local'), entry(false, cart)), cart));
  assert.ok(!isLocal(given(entry(false, cart), entry(true, '*.shop.svc.cluster.local')), cart));
  assert.ok(!isLocal(given(entry(true, '*'), entry(false, '*.shop.svc.cluster.local')), cart));
  assert.ok(!isLocal(given(entry(true, cart), entry(false, cart)), cart));
  assert.ok(isLocal({ clusterLocalHosts: ['*.shop.svc.cluster.local'] }, cart), 'an earlier snapshot');
});

test('hosts of the control plane are local unless an entry says otherwise', () => {
  assert.ok(isLocal({}, dns));
  assert.ok(isLocal({}, 'kubernetes.default.svc.cluster.local'));
  assert.ok(
    isLocal({ discoveryAddress: 'istiod.istio-system.svc:15012' }, 'istiod.istio-system.svc.cluster.local'),
  );
  assert.ok(!isLocal({}, cart));
  const shared = { serviceSettings: [{ clusterLocal: false, hosts: ['*.kube-system.svc.cluster.local'] }] };
  assert.ok(!isLocal(shared, dns));
});

const keptBy = (breakIt: (sample: BrokenSample) => void, domain = 'cluster.local') => {
  const view = new MeshView(broken(breakIt));
  return scopeOf(view, view.answered('west'))(`inventory.meshproof.svc.${domain}`, 'east');
};
const mcs = ({ west }: BrokenSample, more: Record<string, string> = {}) =>
  void Object.assign(itemOf(west.installs).env, { ENABLE_MCS_SERVICE_DISCOVERY: 'true', ...more });
const exported = ({ east }: BrokenSample) =>
  void east.resources.push(resource('ServiceExport', 'inventory', {}));

test('MCS hides services that their cluster does not export', () => {
  assert.equal(
    keptBy(() => undefined),
    undefined,
  );
  assert.equal(
    keptBy((sample) => mcs(sample)),
    'ENABLE_MCS_SERVICE_DISCOVERY',
  );
  const shared = (sample: BrokenSample) => {
    mcs(sample);
    exported(sample);
  };
  assert.equal(keptBy(shared), undefined);
  const strict = (sample: BrokenSample) => {
    mcs(sample, { ENABLE_MCS_CLUSTER_LOCAL: '1' });
    exported(sample);
  };
  assert.equal(keptBy(strict), 'ENABLE_MCS_SERVICE_DISCOVERY');
  assert.equal(keptBy(strict, 'clusterset.local'), undefined);
  assert.equal(
    keptBy((sample) => mcs(sample, { ENABLE_MCS_SERVICE_DISCOVERY: 'false' })),
    undefined,
  );
});

test('exportTo of a Service, or of the mesh settings', () => {
  const seen = (annotation: string | undefined, byDefault: string[] | undefined, namespace: string) => {
    const sample = broken(({ west }) => {
      const service = itemOf(west.services, ({ name }) => name === 'catalog');
      if (annotation !== undefined) service.annotations['networking.istio.io/exportTo'] = annotation;
      if (byDefault) itemOf(west.installs).settings!.defaultExportTo = { service: byDefault };
    });
    const west = new MeshView(sample).answered('west');
    return isExportedTo(
      west,
      itemOf([...west.services.values()], ({ name }) => name === 'catalog'),
      namespace,
    );
  };
  assert.ok(seen(undefined, undefined, 'istio-system'));
  assert.ok(seen('.', undefined, 'meshproof'));
  assert.ok(!seen('.', undefined, 'istio-system'));
  assert.ok(seen('., istio-system', undefined, 'istio-system'));
  assert.ok(!seen('~', undefined, 'meshproof'));
  assert.ok(!seen(undefined, ['.'], 'istio-system'));
  assert.ok(seen('*', ['.'], 'istio-system'));
});
