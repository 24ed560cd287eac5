import {
  holdAll,
  ingressPrincipals,
  judgeCalls,
  placements,
  principalOf,
  promise,
  recordOf,
  requestsToSeeAll,
  requestsToSeeFailures,
  send,
  test,
  type Caller,
  type ExpectedCall,
} from '../../harness/index.ts';

promise(
  {
    id: 'AUT-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/concepts/security/#authorization-policies',
      'https://istio.io/latest/docs/ops/best-practices/security/#use-default-deny-patterns',
      'https://istio.io/latest/docs/tasks/security/authorization/authz-tcp/',
    ],
    disturbs: 'nothing',
    // The policies deny the calls of all other promises in the namespace.
    lock: '-exclusive-',
  },
  'If only ingress→webapp and webapp→catalog are allowed, all other callers in all clusters are denied.',
  async ({ mesh, plain, probes, callersOf, ingress, apply, manifest }, testInfo) => {
    test.skip(ingress.size === 0, 'No cluster of the mesh has an ingress gateway.');
    const services = placements(mesh.file);
    const { namespace } = mesh.file;
    const values = {
      namespace,
      ingresses: JSON.stringify(await ingressPrincipals(mesh)),
      webapp: principalOf(mesh.file, 'webapp'),
    };
    const everyone = { proxiesOf: services.map(({ service }) => service) };
    const [fresh = '', nothing = '', webapp = '', catalog = ''] = manifest(values).split(/^---$/m);
    await apply(fresh, everyone);
    await Promise.all([
      apply(webapp, { proxiesOf: ['webapp'] }),
      apply(catalog, { proxiesOf: ['catalog'] }),
      apply(nothing, everyone),
    ]);

    const calls: ExpectedCall[] = [];
    const add = (caller: Caller, { service, pods }: (typeof services)[number], how?: 'tcp' | 'plain') => {
      const tcp = how === 'tcp';
      const scope = `${caller.service} in ${caller.cluster.name}→${service}${tcp ? ' (TCP)' : ''}`;
      const call = async () =>
        tcp ? caller.callTcp(service) : recordOf(await caller.call(service, { fresh: true }));
      // Over TCP a proxy ends the connection without a reason. Under STRICT it does the same to a caller without mutual TLS.
      const expected = tcp
        ? 'upstreamReset'
        : how === 'plain'
          ? (['denied', 'upstreamReset'] as const)
          : 'denied';
      const count = tcp
        ? requestsToSeeFailures(0.5)
        : Math.max(requestsToSeeAll(pods), requestsToSeeFailures(0.3));
      calls.push({ scope, call, expected, count });
    };
    for (const target of services) {
      const others = services.filter(({ service }) => service !== target.service);
      const undeclared = others.filter(
        ({ service }) => !(service === 'webapp' && target.service === 'catalog'),
      );
      for (const caller of undeclared.flatMap(({ service }) => callersOf(service).all)) add(caller, target);
      for (const caller of plain.all) if (target.pods[caller.cluster.name]) add(caller, target, 'plain');
      if (target.service !== 'probe') for (const caller of probes.all) add(caller, target, 'tcp');
    }
    const paths = { webapp: '/', catalog: '/to/catalog/' };
    for (const [name, target] of ingress)
      for (const [service, path] of Object.entries(paths)) {
        const count = requestsToSeeAll(services.find((one) => one.service === service)?.pods ?? { none: 1 });
        const call = async () => recordOf(await send(target, { path }));
        calls.push({ scope: `ingress of ${name}→…→${service}`, call, expected: 'ok', count });
      }
    holdAll(testInfo, await judgeCalls(calls));
  },
);
