import type { ServiceRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers } from '../destination-rules.ts';
import { domainOf } from '../dns-domain.ts';
import { namedCallers, sendsThroughGateway } from '../facts/cross-network-callers.ts';
import {
  isPassing,
  refOf,
  serversFor,
  serversOnPort,
  type GatewayServer,
  type ServersOnPort,
} from '../facts/gateway-servers.ts';
import { networkGateways } from '../facts/network-gateways.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough, type GatewayService } from '../gateways.ts';
import { servicesMeshedIn, type MeshService } from '../mesh-services.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { tables, text, texts } from '../spec-reader.ts';

/** The gateways of a cluster that are open for other networks, with the servers that open them. Throws NotRead. */
function* openGateways(
  view: MeshView,
  cluster: ClusterView,
): Iterable<ServersOnPort & { gateway: GatewayService }> {
  if (!view.multiNetwork) return;
  for (const gateway of networkGateways(view, cluster)) {
    const { kept, dropped } = serversOnPort(cluster, serversFor(view, cluster), gateway);
    const passing = kept.filter(isPassing);
    if (passing.length > 0) yield { gateway, kept: passing, dropped };
  }
}

/** A service of a cluster, with the clusters on other networks that send calls to it through a gateway. */
interface Called {
  service: MeshService;
  callers: ClusterView[];
}

/** The services of a list that other networks call in a cluster. Throws NotRead. */
const calledOf = (view: MeshView, cluster: ClusterView, services: readonly MeshService[]): Called[] =>
  services
    .map((service) => ({
      service,
      callers: namedCallers(view, cluster, service).filter((caller) =>
        sendsThroughGateway(view, caller, cluster, service.fqdn),
      ),
    }))
    .filter(({ callers }) => callers.length > 0);

const callersIn = (called: readonly Called[]): string =>
  firstFew([...new Set(called.flatMap(({ callers }) => callers.map(({ name }) => name)))]);

const wrongHosts: Check = {
  code: 'MP3304',
  title: 'The hosts of the cross-network Gateway leave services out',
  severity: 'error',
  explanation:
    'The gateway forwards only to the hosts of the Gateway, usually *.local. A service that the hosts do not cover looks healthy to other clusters, because istiod sends them its endpoints. The gateway closes every connection to it. Services that other networks do not call may be left out. istiod drops a server of a Gateway if an older Gateway has one of its hosts on the same port.',
  remedy:
    'kubectl --context <cluster> -n <namespace> edit gateways.networking.istio.io <name>   # spec.servers[].hosts',
  reference:
    'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#expose-services-in-cluster1',
  needs: ['resources', 'services', 'pods', 'workloads', 'installs', 'istiods', 'proxies'],
  explains: { 'target and subject': ['MP3402'] },
  run: perDataPlane(function* (cluster, view) {
    for (const { gateway, kept, dropped } of openGateways(view, cluster)) {
      const hosts = [...new Set(kept.flatMap((server) => server.hosts))];
      const own = servicesMeshedIn(view, cluster);
      const left = own.filter(({ fqdn }) => !hosts.some((host) => covers(host, fqdn)));
      const called = calledOf(view, cluster, left);
      const first = kept[0];
      if (!first || called.length === 0) continue;
      const lost = dropped.find(({ server }) =>
        called.some(({ service }) => coversAny(server, service.fqdn)),
      );
      const domain = domainOf(view);
      yield {
        object: refOf(lost?.server ?? first),
        subject: gateway.key,
        covers: left.map((one) => callsThrough(gateway.key, one.key)),
        evidence: [
          { what: 'hosts', seen: firstFew(hosts, 5), expected: `*.${domain}` },
          { what: 'services that are covered', seen: own.length - left.length, expected: own.length },
          { what: 'services left out that other networks call', seen: called.length, expected: 0 },
        ],
        cause: lost
          ? `istiod drops hosts of the Gateway ${keyOf(lost.server.resource)} of ${cluster.name}, because the older ${refOf(lost.by)} has ${lost.host} on the same port: ${callersIn(called)} cannot call ${namesOf(called)}.`
          : `The hosts of the Gateway ${keyOf(first.resource)} of ${cluster.name} leave out ${called.length} of ${own.length} services, which ${callersIn(called)} cannot call: ${namesOf(called)}.`,
      };
    }
  }),
};

const coversAny = ({ hosts }: GatewayServer, fqdn: string): boolean =>
  hosts.some((host) => covers(host, fqdn));
const namesOf = (called: readonly Called[]): string => firstFew(called.map(({ service }) => service.key));

/** istiod makes filter chains for all ports but UDP. */
const isForwarded = ({ protocol }: ServiceRecord['ports'][number]): boolean => protocol !== 'UDP';

const overlapping: Check = {
  code: 'MP3311',
  title: 'Two Gateways pass on the same services on one port of an east-west gateway',
  severity: 'error',
  explanation:
    'istiod makes a filter chain for each service that a host of a server with AUTO_PASSTHROUGH covers. If two servers on one port cover a service, two filter chains have the same server name, and Envoy rejects the whole listener. A gateway that runs keeps its old listener. A gateway pod that starts does not listen and does not become ready. Equal hosts are not a conflict: istiod drops the younger server. Servers on different ports or addresses are not a conflict either.',
  remedy:
    'kubectl --context <cluster> -n <namespace> delete gateways.networking.istio.io <name>   # or change its hosts, so that they do not cover the same services',
  reference: 'https://github.com/istio/istio/issues/42050',
  needs: ['resources', 'services', 'pods', 'workloads', 'installs', 'istiods'],
  explains: { 'target and subject': ['MP3205', 'MP3402', 'MP3401', 'MP3502', 'MP2205'] },
  run: perDataPlane(function* (cluster, view) {
    for (const { gateway, kept } of openGateways(view, cluster))
      for (const [index, second] of kept.entries()) {
        const older = kept.slice(0, index).filter(({ bind }) => bind === second.bind);
        const first = older.find((one) => sharedHost(view, one, second) !== undefined);
        const shared = first && sharedHost(view, first, second);
        if (!first || shared === undefined) continue;
        const rejected = rejectionOf(view, cluster, gateway);
        const unready = gateway.pods.filter(({ ready }) => !ready).length;
        yield {
          severity: rejected !== undefined || unready > 0 ? 'error' : 'warning',
          object: refOf(second),
          subject: gateway.key,
          covers: [callsThrough(gateway.key)],
          evidence: [
            { what: `hosts of ${refOf(first)}`, seen: firstFew(first.hosts, 5) },
            {
              what: `hosts of ${refOf(second)}`,
              seen: firstFew(second.hosts, 5),
              expected: 'other services',
            },
            { what: 'a service that both cover', seen: shared, expected: 'none' },
            {
              what: `answer of the Envoy of ${gateway.key}`,
              seen: rejected?.split(/\. |\n/, 1)[0] ?? 'not known',
              expected: 'accepted',
            },
            { what: 'gateway pods that are not ready', seen: unready, expected: 0 },
          ],
          cause: `The Gateways ${keyOf(first.resource)} and ${keyOf(second.resource)} of ${cluster.name} both pass on ${shared} on port ${gateway.port} of ${gateway.key}, and ${rejected === undefined ? 'a gateway pod that starts rejects the listener' : 'its Envoy rejects the listener'}.`,
        };
      }
  }),
};

/** A host that two servers cover. istiod makes filter chains for Services and for ServiceEntries inside the mesh. */
const sharedHost = (view: MeshView, a: GatewayServer, b: GatewayServer): string | undefined =>
  exposableHosts(view).find((host) => coversAny(a, host) && coversAny(b, host));

const exposableHosts = keptFor((view: MeshView) => {
  for (const cluster of view.clusters)
    for (const part of ['services', 'resources'] as const) cluster.seen(part);
}, findExposableHosts);

function findExposableHosts(view: MeshView): readonly string[] {
  const domain = domainOf(view);
  const services = view.clusters.flatMap((cluster) => cluster.seen('services'));
  const entries = view.clusters.flatMap((cluster) =>
    cluster
      .seen('resources')
      .filter(({ kind, spec }) => kind === 'ServiceEntry' && text(spec['location']) === 'MESH_INTERNAL'),
  );
  return [
    ...new Set([
      ...services
        .filter(({ type, ports }) => type !== 'ExternalName' && ports.some(isForwarded))
        .map(({ name, namespace }) => `${name}.${namespace}.svc.${domain}`),
      ...entries
        .filter(({ spec }) => tables(spec['ports']).some(({ protocol }) => protocol !== 'UDP'))
        .flatMap(({ spec }) => texts(spec['hosts'])),
    ]),
  ];
}

/** The words with which an Envoy of a gateway rejected a listener. It may be connected to an istiod of another cluster. */
function rejectionOf(
  view: MeshView,
  { name: of }: ClusterView,
  { pods }: GatewayService,
): string | undefined {
  const names = new Set(pods.map(({ name, namespace }) => `${name}.${namespace}`));
  return view.clusters
    .flatMap((one) => one.seen('istiods').flatMap(({ connected = [] }) => connected))
    .filter(({ proxy, cluster }) => cluster === of && names.has(proxy))
    .flatMap(({ rejected }) => rejected)
    .find((words) => /listener|LDS/i.test(words));
}

export const gatewayHostChecks = [overlapping, wrongHosts];
