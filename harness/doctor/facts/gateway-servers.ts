import type { ResourceRecord } from '../../snapshot/schema.ts';
import { keyOf, networkLabel, type ClusterView } from '../cluster-view.ts';
import {
  gatewayNameLabel,
  gatewayPortOf,
  podsOrTemplates,
  targetPortsOf,
  type GatewayPod,
  type GatewayService,
} from '../gateways.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { selects } from '../pod-index.ts';
import { labels, numeric, table, tables, text, texts } from '../spec-reader.ts';

/** One server of an Istio Gateway, or one listener of a Kubernetes Gateway. */
export interface GatewayServer {
  resource: ResourceRecord;
  /** A listener of a Kubernetes Gateway. */
  isListener: boolean;
  /** Its position in the specification. */
  index: number;
  /** It configures only pods in the namespace of its Gateway. */
  inNamespace: boolean;
  /** The labels of the pods that it configures; empty: all pods. */
  selector: Record<string, string>;
  /** A port of the Service, or of the pods. */
  port: number | undefined;
  /** The address on which it listens; empty: all addresses. */
  bind: string;
  /** Empty: it does not use TLS. */
  mode: string;
  /** Host names, with wildcards and without namespaces. */
  hosts: string[];
  /** The same hosts as istiod compares them for duplicates. */
  compared: string[];
}

/** Only this mode forwards TLS to the service that the SNI names. */
export const isPassing = ({ mode }: GatewayServer): boolean => mode === 'AUTO_PASSTHROUGH';

// The namespace before a host has no effect on the SNI of a server that passes TLS on: see `GetSNIHostsForServer` in istiod.
const hostOf = (host: string): string => host.split('/').at(-1) ?? '';

/** A host as istiod compares it for duplicates: the namespace `.` is that of the Gateway, and the namespace `*` is left out. */
function comparedHost(host: string, namespace: string): string {
  const [first = '', second] = host.split('/');
  if (second === undefined) return first;
  return first === '*' ? second : `${first === '.' ? namespace : first}/${second}`;
}

/** Every server of the Gateways of a cluster, in the order in which istiod takes them: the oldest Gateway first. Throws NotRead. */
export const gatewayServers = keptFor((cluster: ClusterView) => {
  cluster.seen('installs');
  for (const kind of ['Gateway', 'KubernetesGateway']) cluster.resources(kind);
}, serversIn);

function serversIn(cluster: ClusterView): readonly GatewayServer[] {
  const inNamespace = cluster
    .seen('installs')
    .some(({ env }) => env['PILOT_SCOPE_GATEWAY_TO_NAMESPACE'] === 'true');
  const istio = cluster.resources('Gateway').flatMap((resource) =>
    tables(resource.spec['servers']).map((server, index): GatewayServer => {
      const port = table(server['port']);
      const tls = server['tls'];
      const hosts = texts(server['hosts']);
      return {
        resource,
        isListener: false,
        index,
        inNamespace,
        selector: labels(resource.spec['selector']),
        port: numeric(port['number']),
        bind: text(server['bind']) ?? '',
        mode: text(table(tls)['mode']) ?? (tls ? 'PASSTHROUGH' : ''),
        hosts: hosts.map(hostOf),
        compared: hosts.map((host) => comparedHost(host, resource.namespace)),
      };
    }),
  );
  const all = [...istio, ...cluster.resources('KubernetesGateway').flatMap(listenersOf)];
  return all.toSorted(
    ({ resource: a }, { resource: b }) =>
      a.createdAt.localeCompare(b.createdAt) ||
      `${a.name}.${a.namespace}`.localeCompare(`${b.name}.${b.namespace}`),
  );
}

/** The TLS listeners of a Kubernetes Gateway. A Gateway of the class istio-remote describes a gateway elsewhere. */
function listenersOf(resource: ResourceRecord): GatewayServer[] {
  if (resource.spec['gatewayClassName'] === 'istio-remote') return [];
  return tables(resource.spec['listeners']).flatMap((listener, index) => {
    if (listener['tls'] === undefined) return [];
    const port = numeric(listener['port']);
    const hosts = [text(listener['hostname']) ?? '*'];
    return {
      resource,
      isListener: true,
      index,
      inNamespace: true,
      selector: { [gatewayNameLabel]: resource.name },
      port,
      bind: '',
      mode: modeOf(resource, port, table(listener['tls'])),
      hosts,
      compared: hosts,
    };
  });
}

/** Istio's mode for a listener: see `IsAutoPassthrough` in pilot/pkg/serviceregistry/kube/conversion.go. */
function modeOf(
  { labels: own }: ResourceRecord,
  port: number | undefined,
  tls: Record<string, unknown>,
): string {
  if (tls['mode'] !== 'Passthrough') return 'SIMPLE';
  const options = table(tls['options']);
  const isAuto =
    options['gateway.istio.io/listener-protocol'] === 'auto-passthrough' ||
    // Snapshots of earlier versions do not have the options in clear.
    typeof tls['other'] === 'string' ||
    (own[networkLabel] !== undefined && port === gatewayPortOf(own));
  return isAuto ? 'AUTO_PASSTHROUGH' : 'PASSTHROUGH';
}

/** Whether a server configures a pod. */
export const configures = ({ resource, inNamespace, selector }: GatewayServer, pod: GatewayPod): boolean =>
  (!inNamespace || resource.namespace === pod.namespace) && selects(selector, pod.labels);

/**
 * The servers that may configure the gateways of a cluster. The primaries configure a cluster without an istiod: Istio's guide for
 * primary-remote exposes the services of both clusters in the primary. Throws NotRead.
 */
export function serversFor(view: MeshView, cluster: ClusterView): GatewayServer[] {
  const configuring = cluster.hasIstiod ? [cluster] : [cluster, ...view.everyPrimary()];
  return configuring.flatMap(gatewayServers);
}

/** Whether a server listens on the port of a gateway: it names the port of the Service, or of the pods. Throws NotRead. */
export function isOnPort(server: GatewayServer, gateway: GatewayService): boolean {
  if (server.port === undefined) return false;
  const wanted = targetPortsOf(gateway);
  return targetPortsOf(gateway, server.port).some((port) => wanted.includes(port));
}

/** The servers with TLS on the port of a gateway that configure its pods. */
export interface ServersOnPort {
  kept: GatewayServer[];
  /** istiod drops a server if an older server on the same port has one of its hosts. */
  dropped: { server: GatewayServer; host: string; by: GatewayServer }[];
}

/** The servers on the port of a gateway, split as istiod does: see `CheckDuplicates` in pilot/pkg/model/gateway.go. Throws NotRead. */
export function serversOnPort(
  cluster: ClusterView,
  servers: readonly GatewayServer[],
  gateway: GatewayService,
): ServersOnPort {
  const result: ServersOnPort = { kept: [], dropped: [] };
  const first = new Map<string, GatewayServer>();
  const pods = podsOrTemplates(cluster, gateway);
  const asked = servers.filter(
    (server) =>
      server.mode !== '' && isOnPort(server, gateway) && pods.some((pod) => configures(server, pod)),
  );
  for (const server of asked) {
    const keys = server.compared.map((host) => ({ host, key: `${server.bind} ${host}` }));
    const taken = keys.find(({ key }) => first.has(key));
    const by = taken && first.get(taken.key);
    if (taken && by) result.dropped.push({ server, host: taken.host, by });
    else {
      result.kept.push(server);
      for (const { key } of keys) first.set(key, server);
    }
  }
  return result;
}

/** "Gateway namespace/name". */
export const refOf = ({ resource }: GatewayServer): string => `Gateway ${keyOf(resource)}`;
