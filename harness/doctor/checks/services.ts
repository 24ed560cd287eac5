import type { ServiceRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const sameness = 'https://istio.io/latest/docs/ops/deployment/deployment-models/#namespace-sameness';
const copy =
  'kubectl --context <other cluster> -n <namespace> get service <name> -o yaml   # compare, then apply to <cluster>';

const missing: Check = {
  code: 'MP6201',
  title: 'A Service is not in a cluster whose workloads call it',
  severity: 'error',
  explanation:
    'Names are looked up in the DNS of the caller’s own cluster. Where a Service is not there, callers do not find its name, although istiod knows endpoints of it in other clusters. Each Service of the mesh has to be in every cluster, even where it has no pods; unless the sidecars answer DNS.',
  remedy: copy,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/',
  needs: ['services', 'pods', 'namespaces'],
  run: function* (view) {
    yield* separately(meshServices(view), function* (one) {
      const declared =
        one.namespace === view.snapshot.declared.namespace &&
        view.snapshot.declared.services.some(({ name }) => name === one.name);
      const without = fromReadable(view.clusters, (cluster) =>
        callsFrom(cluster, one) && cluster.service(one.key) === undefined ? [cluster] : [],
      );
      for (const cluster of without)
        yield {
          // Elsewhere a Service may be meant to stay in its own cluster; meshproof's own are everywhere.
          severity: declared ? 'error' : 'info',
          cluster: cluster.name,
          peer: one.meshed[0]?.name ?? '',
          object: `Service ${one.key}`,
          subject: one.key,
          evidence: [
            {
              what: 'clusters that have it',
              seen: firstFew(one.in.map((at) => at.cluster.name)),
              expected: firstFew(view.clusterNames),
            },
          ],
          cause: `The Service ${one.key} is not in ${cluster.name}, so callers there do not find its name.`,
        };
    });
  },
};

/** Whether a cluster has callers in the namespace of a service: without any, nobody misses it. */
const callsFrom = (cluster: ClusterView, { namespace }: MeshService): boolean =>
  cluster.namespaces.has(namespace) && cluster.pods.in(namespace).some(({ sidecar }) => sidecar);

type At = MeshService['in'][number];

/** Services of which two clusters tell something different; the one that is named is not the first that has pods. */
function* thatDiffer(
  view: MeshView,
  tell: (usual: ServiceRecord, other: ServiceRecord) => Pick<Sighting, 'evidence' | 'cause'> | undefined,
): Iterable<Sighting> {
  for (const one of meshServices(view)) {
    const usual = one.alike ? undefined : usualOf(one, tell);
    if (!usual) continue;
    for (const other of one.in) {
      const told = other === usual ? undefined : tell(usual.service, other.service);
      if (told)
        yield {
          cluster: other.cluster.name,
          peer: usual.cluster.name,
          object: `Service ${one.key}`,
          subject: one.key,
          ...told,
          cause: `${told.cause} in ${other.cluster.name} and ${usual.cluster.name}.`,
        };
    }
  }
}

/** The Service that most clusters agree with. Quick where all do. */
function usualOf(
  { in: all }: MeshService,
  tell: (a: ServiceRecord, b: ServiceRecord) => unknown,
): At | undefined {
  const [first] = all;
  if (!first || all.every((other) => tell(first.service, other.service) === undefined)) return first;
  const agreeing = (one: At) => all.filter((other) => tell(one.service, other.service) === undefined).length;
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
    'Istio takes Services of one name for one. Callers use the port of their own cluster’s Service; endpoints of clusters that have another number are not found under it. Calls work or fail by where the caller is.',
  remedy: copy,
  reference: sameness,
  needs: ['services', 'pods'],
  explains: { cluster: ['MP3602'] },
  run: (view) =>
    thatDiffer(view, (usual, other) =>
      portNumbers(usual) === portNumbers(other)
        ? undefined
        : {
            evidence: [{ what: 'ports', seen: portNumbers(other) || 'none', expected: portNumbers(usual) }],
            cause: `The Service ${keyOf(other)} does not have the same ports`,
          },
    ),
};

/** Ports that both have by number, where `field` is not the same. */
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
  title: 'A Service calls the same port by another name in another cluster',
  severity: 'error',
  explanation:
    'istiod matches endpoints to ports by name. Where two clusters call one port differently, endpoints of the one do not belong to the port of the other: callers are never sent there.',
  remedy: copy,
  reference: sameness,
  needs: ['services', 'pods'],
  explains: { cluster: ['MP3602'], subject: ['MP6204'] },
  run: (view) =>
    thatDiffer(view, (usual, other) => {
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
          cause: `Port ${first.number} of the Service ${keyOf(other)} is not called the same`,
        }
      );
    }),
};

/** The protocol as Istio takes it: appProtocol, or the first part of the port's name, or what Kubernetes says. */
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
    'The protocol of a port (appProtocol, or the first part of its name) decides whether proxies see requests or bytes. Where it is HTTP in one cluster and TCP in another, callers of the two retry, balance, route and are let in by different rules.',
  remedy: copy,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/',
  needs: ['services', 'pods'],
  run: (view) =>
    thatDiffer(view, (usual, other) => {
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

const kindOf = ({ type, headless }: ServiceRecord): string =>
  headless ? 'headless' : type === 'ExternalName' ? 'ExternalName' : 'with an address';

const otherKind: Check = {
  code: 'MP6205',
  title: 'A Service is of another kind in another cluster',
  severity: 'warning',
  explanation:
    'The Service has an address in one cluster and is headless, or an ExternalName, in another. Proxies treat them differently: a headless one is called by the address of a pod, which other networks do not have, and an ExternalName leads out of the mesh.',
  remedy: copy,
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/traffic-routing/#headless-services',
  needs: ['services', 'pods'],
  run: (view) =>
    thatDiffer(view, (usual, other) =>
      kindOf(usual) === kindOf(other)
        ? undefined
        : {
            evidence: [{ what: 'kind', seen: kindOf(other), expected: kindOf(usual) }],
            cause: `The Service ${keyOf(other)} is not of the same kind`,
          },
    ),
};

export const serviceChecks = [missing, otherNumber, otherPortName, otherProtocol, otherKind];
