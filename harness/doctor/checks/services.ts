import type { ServiceRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, destinationRules } from '../destination-rules.ts';
import { callersOf, capturesDns, planeOf } from '../facts/callers.ts';
import { areApart } from '../facts/networks.ts';
import { scopeOf } from '../facts/service-scope.ts';
import { callsThrough } from '../gateways.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const sameness = 'https://istio.io/latest/docs/ops/deployment/deployment-models/#namespace-sameness';
const copy =
  'kubectl --context <peer> -n <namespace> get service <name> -o yaml   # compare, then apply to <cluster>';

const missing: Check = {
  code: 'MP6201',
  title: 'A Service is missing in a cluster with callers',
  severity: 'warning',
  explanation:
    'Callers resolve names in the DNS of their own cluster. Without the Service there, they do not find its name, although istiod knows its endpoints in other clusters. Create the Service in every cluster with callers, even without pods, unless sidecars answer DNS. The Services of the mesh file are called in every cluster, so one of these is an error.',
  remedy: copy,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/',
  needs: ['services', 'pods', 'namespaces', 'resources', 'installs', 'istiods'],
  explains: { subject: ['MP3602'], 'target and subject': ['MP3402'] },
  run: function* (view) {
    yield* separately(meshServices(view), function* (one) {
      const declared =
        one.namespace === view.snapshot.declared.namespace &&
        view.snapshot.declared.services.some(({ name }) => name === one.name);
      const without = fromReadable(view.clusters, (cluster) =>
        cluster.service(one.key) === undefined ? resolvingIn(view, cluster, one) : [],
      );
      for (const { cluster, callers, isMeant } of without)
        yield {
          ...(declared ? { severity: 'error' } : isMeant ? { severity: 'info' } : {}),
          cluster: cluster.name,
          peer: one.meshed[0]?.name ?? '',
          object: `Service ${one.key}`,
          subject: one.key,
          covers: [callsThrough('*', one.key)],
          evidence: [
            {
              what: 'clusters that have it',
              seen: firstFew(one.in.map((at) => at.cluster.name)),
              expected: firstFew(view.clusterNames),
            },
            { what: 'pods that cannot resolve its name', seen: firstFew(callers) },
          ],
          cause: `The Service ${one.key} is not in ${cluster.name}, so callers there do not find its name.`,
        };
    });
  },
};

/** The callers of a cluster that resolve names in its DNS, and whether the service is meant for other clusters only. Throws NotRead. */
function resolvingIn(
  view: MeshView,
  cluster: ClusterView,
  service: MeshService,
): { cluster: ClusterView; callers: string[]; isMeant: boolean }[] {
  const plane = planeOf(view, cluster);
  const callers = plane ? callersOf(view, cluster, service).filter((pod) => !capturesDns(plane, pod)) : [];
  if (!plane || callers.length === 0) return [];
  const scope = scopeOf(view, plane);
  const isMeant =
    service.meshed.every((one) => scope(service.fqdn, one.name) !== undefined) ||
    service.meshed.some((one) => hasOwnTls(view, one, service));
  return [{ cluster, callers: callers.map(({ name }) => name), isMeant }];
}

/** Whether a rule replaces Istio's mutual TLS for a service, so that it can be called in its own cluster only. Throws NotRead. */
const hasOwnTls = (view: MeshView, cluster: ClusterView, { fqdn }: MeshService): boolean =>
  destinationRules(view, cluster).some(
    ({ host, parts: [whole] }) =>
      covers(host, fqdn) && ['DISABLE', 'SIMPLE', 'MUTUAL'].includes(whole?.tls ?? ''),
  );

/** Whether a cluster has pods with a sidecar in the namespace of the service. Throws NotRead. */
const callsFrom = (cluster: ClusterView, { namespace }: MeshService): boolean =>
  cluster.namespaces.has(namespace) && cluster.pods.in(namespace).some(({ sidecar }) => sidecar);

type At = MeshService['in'][number];

/** Reports each Service that differs from the Service with which most clusters agree. */
function* eachDifference(
  view: MeshView,
  compare: (usual: ServiceRecord, other: ServiceRecord) => Pick<Sighting, 'evidence' | 'cause'> | undefined,
  matters: (view: MeshView, one: MeshService, caller: At, target: At) => boolean = () => true,
): Iterable<Sighting> {
  yield* separately(meshServices(view), function* (one) {
    const usual = one.alike ? undefined : usualOf(one, compare);
    if (!usual) return;
    for (const other of one.in) {
      const difference = other === usual ? undefined : compare(usual.service, other.service);
      if (difference)
        yield {
          ...(matters(view, one, usual, other) || matters(view, one, other, usual)
            ? {}
            : { severity: 'info' }),
          cluster: other.cluster.name,
          peer: usual.cluster.name,
          object: `Service ${one.key}`,
          subject: one.key,
          covers: [callsThrough('*', one.key)],
          ...difference,
          cause: `${difference.cause} in ${other.cluster.name} and ${usual.cluster.name}.`,
        };
    }
  });
}

/**
 * Whether callers in a cluster lose the pods of another cluster by a port with another number or name. An additional port does not matter
 * to callers that have own pods with it. Throws NotRead.
 */
function losesPods(view: MeshView, one: MeshService, caller: At, target: At): boolean {
  if (!one.meshed.includes(target.cluster) || !callsFrom(caller.cluster, one)) return false;
  const isApart = areApart(view, caller.cluster, target.cluster);
  return caller.service.ports.some(({ port, name }) => {
    const [byNumber, byName] = [
      target.service.ports.find((other) => other.port === port),
      target.service.ports.find((other) => other.name === name),
    ];
    // istiod finds endpoints by the name of the port; a gateway routes by its number.
    if (byName) return isApart && byName.port !== port;
    return byNumber !== undefined || !one.meshed.includes(caller.cluster);
  });
}

/** The Service with which most clusters agree. */
function usualOf(
  { in: all }: MeshService,
  compare: (a: ServiceRecord, b: ServiceRecord) => unknown,
): At | undefined {
  const [first] = all;
  if (!first || all.every((other) => compare(first.service, other.service) === undefined)) return first;
  const agreeing = (one: At) =>
    all.filter((other) => compare(one.service, other.service) === undefined).length;
  return all.toSorted((a, b) => agreeing(b) - agreeing(a))[0];
}

const portNumbers = ({ ports }: ServiceRecord): string =>
  ports
    .map(({ port }) => port)
    .toSorted((a, b) => a - b)
    .join(', ');

const otherNumber: Check = {
  code: 'MP6202',
  title: 'A Service has other port numbers in another cluster',
  severity: 'error',
  explanation:
    'Istio treats Services with the same name as one service. Callers use the port of the Service in their own cluster. Istio does not find endpoints of a cluster with another number, so calls work or fail by cluster. If callers do not lose pods by it, the finding is an info.',
  remedy: copy,
  reference: sameness,
  needs: ['services', 'pods', 'namespaces'],
  explains: { subject: ['MP3602', 'MP3402'] },
  run: (view) =>
    eachDifference(
      view,
      (usual, other) =>
        portNumbers(usual) === portNumbers(other)
          ? undefined
          : {
              evidence: [{ what: 'ports', seen: portNumbers(other) || 'none', expected: portNumbers(usual) }],
              cause: `The Service ${keyOf(other)} does not have the same ports`,
            },
      losesPods,
    ),
};

/** The ports with a number that both Services have, and with a different `field`. */
const portsBy =
  (field: (port: ServiceRecord['ports'][number]) => string) => (a: ServiceRecord, b: ServiceRecord) =>
    b.ports.flatMap((port) => {
      const usual = a.ports.find((one) => one.port === port.port);
      return usual && field(usual) !== field(port)
        ? [{ number: port.port, seen: field(port), expected: field(usual) }]
        : [];
    });

const differentNames = portsBy(({ name }) => name);
const differentProtocols = portsBy(protocolOf);

const otherPortName: Check = {
  code: 'MP6203',
  title: 'A Service has another name for a port in another cluster',
  severity: 'error',
  explanation:
    'istiod matches endpoints to ports by name. If two clusters name a port differently, endpoints of one cluster do not belong to the port of the other. Callers never send to them. If callers do not lose pods by it, the finding is an info.',
  remedy: copy,
  reference: sameness,
  needs: ['services', 'pods', 'namespaces'],
  explains: { subject: ['MP3602', 'MP6204'] },
  run: (view) =>
    eachDifference(
      view,
      (usual, other) => {
        const [first] = differentNames(usual, other);
        return (
          first && {
            evidence: [
              {
                what: `name of port ${first.number}`,
                seen: first.seen || 'none',
                expected: first.expected || 'none',
              },
            ],
            cause: `Port ${first.number} of the Service ${keyOf(other)} does not have the same name`,
          }
        );
      },
      losesPods,
    ),
};

/** The protocol as Istio selects it: appProtocol, the first part of the port name, or the protocol of Kubernetes. */
function protocolOf({ name, protocol, appProtocol }: ServiceRecord['ports'][number]): string {
  const known = [
    'http',
    'http2',
    'https',
    'grpc',
    'grpc-web',
    'mongo',
    'mysql',
    'redis',
    'tcp',
    'tls',
    'udp',
  ];
  if (appProtocol !== undefined)
    return appProtocol
      .toLowerCase()
      .replace('kubernetes.io/h2c', 'http2')
      .replace('kubernetes.io/ws', 'http');
  const prefix = name.startsWith('grpc-web') ? 'grpc-web' : (name.split('-')[0] ?? '').toLowerCase();
  return known.includes(prefix) ? prefix : protocol === 'TCP' ? 'detected' : protocol.toLowerCase();
}

const otherProtocol: Check = {
  code: 'MP6204',
  title: 'A Service has another protocol on the same port in another cluster',
  severity: 'warning',
  explanation:
    'The protocol of a port comes from appProtocol or from the start of its name. It decides whether proxies see requests or bytes. If it differs, clusters retry, balance, route and authorize calls by different rules.',
  remedy: copy,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/',
  needs: ['services', 'pods'],
  run: (view) =>
    eachDifference(view, (usual, other) => {
      const [first] = differentProtocols(usual, other);
      return (
        first && {
          evidence: [
            { what: `protocol of port ${first.number}`, seen: first.seen, expected: first.expected },
          ],
          cause: `Port ${first.number} of the Service ${keyOf(other)} does not have the same protocol`,
        }
      );
    }),
};

const typeOf = ({ type, headless }: ServiceRecord): string =>
  headless ? 'headless' : type === 'ExternalName' ? 'ExternalName' : 'with an address';

const otherType: Check = {
  code: 'MP6205',
  title: 'A Service has another type in another cluster',
  severity: 'warning',
  explanation:
    'The Service has an address in one cluster, and is headless or an ExternalName in another. Callers use the pod addresses of a headless Service, which other networks do not have. An ExternalName sends calls out of the mesh.',
  remedy: copy,
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#headless-services',
  needs: ['services', 'pods'],
  explains: { subject: ['MP6211'] },
  run: (view) =>
    eachDifference(view, (usual, other) =>
      typeOf(usual) === typeOf(other)
        ? undefined
        : {
            evidence: [{ what: 'type', seen: typeOf(other), expected: typeOf(usual) }],
            cause: `The Service ${keyOf(other)} does not have the same type`,
          },
    ),
};

export const serviceChecks = [missing, otherNumber, otherPortName, otherProtocol, otherType];
