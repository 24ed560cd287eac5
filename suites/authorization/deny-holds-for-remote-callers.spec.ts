import {
  asBaseline,
  crossings,
  eventually,
  holdAll,
  judgeCalls,
  placements,
  principalOf,
  promise,
  recordOf,
  requestsToSeeFailures,
  send,
  test,
  timeouts,
  type Exchange,
  type ExpectedCall,
} from '../../harness/index.ts';

const count = requestsToSeeFailures();
const byPrincipal = { path: '/aut-02/principal' };
const byNamespace = (service: string) => ({ path: `/aut-02/namespace/${service}` });

promise(
  {
    id: 'AUT-02',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/security/authorization/authz-deny/',
      'https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source',
    ],
    disturbs: 'nothing',
  },
  'DENY by principal and by namespace denies the matching callers in other clusters, and only those.',
  async ({ mesh, probes, callersOf, ingress, apply, manifest }, testInfo) => {
    const directions = probes.all.flatMap((probe) =>
      crossings(mesh.file, probe.cluster.name).map((to) => ({ probe, from: probe.cluster.name, ...to })),
    );
    test.skip(directions.length === 0, 'No service has all its pods in one other cluster.');

    const namespace = mesh.file.namespace;
    const documents = (service: string) =>
      manifest({ service, namespace, principal: principalOf(mesh.file, 'probe') }).split(/^---$/m);

    // Not catalog: other promises stop its pods at the same time.
    const otherCallers = placements(mesh.file).filter((one) => !['probe', 'catalog'].includes(one.service));
    const calls: ExpectedCall[] = [];
    for (const { probe, from, cluster, service } of directions) {
      const add = (what: string, denied: boolean, exchange: () => Promise<Exchange>) => {
        const scope = `${from}→${cluster} (${service}), ${what}`;
        const call = async () => recordOf(await exchange());
        calls.push({ scope, call, expected: denied ? 'denied' : 'ok', count });
      };
      add('its principal', true, () => probe.call(service, byPrincipal));
      add('its namespace', true, () => probe.call(service, byNamespace(service)));
      const workload = otherCallers.find(({ pods }) => pods[from])?.service;
      if (workload) {
        const other = callersOf(workload).in(from);
        add('another principal', false, () => other.call(service, byPrincipal));
        add('another of its namespace', true, () => other.call(service, byNamespace(service)));
      }
      const gateway = ingress.get(from);
      if (!gateway) continue;
      await apply(documents(service)[3] ?? '', { clusters: [from], awaitProxies: 'none' });
      await eventually(() => send(gateway, byNamespace(service)), {
        what: `the ingress of ${from} routing to ${service}`,
        withinMs: timeouts.propagationMs,
        until: ({ origin }) => origin?.service === service,
      });
      add('another namespace', false, () => send(gateway, byNamespace(service)));
    }
    const everyone = { proxiesOf: ['probe', ...otherCallers.map(({ service }) => service)] };
    for (const { service } of directions) await apply(documents(service)[0] ?? '', everyone);
    holdAll(testInfo, asBaseline(await judgeCalls(calls.map((one) => ({ ...one, expected: 'ok' })))));
    for (const { cluster, service } of directions)
      await apply(documents(service).slice(1, 3), { clusters: [cluster], proxiesOf: [service] });
    holdAll(testInfo, await judgeCalls(calls));
  },
);
