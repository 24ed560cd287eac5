import { timeouts } from '../base/timeouts.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { PodRef, PortForward } from '../kube/port-forward.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { attemptTls, type TlsResult } from '../traffic/tls.ts';
import { openTunnel, type Tunnel } from '../traffic/tunnel.ts';
import type { ProbeAnswer, Prober, ProbeTarget } from './probing.ts';

/** A {@link Prober} with the ways that it has opened. Dispose it when the snapshot is taken. */
export interface MeshProber extends AsyncDisposable {
  probe: Prober;
}

/** Tries connections from the place of meshproof's own pods, by their call port: one port-forward a pod. */
export function openMeshProber(): MeshProber {
  const ways = new Map<string, Promise<PortForward>>();
  let over = false;
  const wayTo = async (cluster: MeshCluster, from: PodRef): Promise<PortForward> => {
    // A collector that gave up on a probe may still ask: what is opened now, nobody would close.
    if (over) throw new Error(`The snapshot is taken: nothing is tried from ${from.name} any more.`);
    const key = `${cluster.name}/${from.namespace}/${from.name}`;
    const way = ways.get(key) ?? cluster.portForward(from, workloadPorts.call);
    ways.set(key, way);
    return way;
  };
  return {
    probe: async (cluster, from, target) => probeFrom(await wayTo(cluster, from), target),
    [Symbol.asyncDispose]: async () => {
      over = true;
      const opened = await Promise.allSettled(ways.values());
      const ends = opened.flatMap((way) =>
        way.status === 'fulfilled' ? [way.value[Symbol.asyncDispose]()] : [],
      );
      await Promise.all(ends);
    },
  };
}

/**
 * TCP first, so that what keeps a connection from being made is told from what TLS made of it; the tunnel that proved it is
 * closed, as TLS opens its own.
 */
async function probeFrom(via: PortForward, target: ProbeTarget): Promise<ProbeAnswer> {
  const startMs = performance.now();
  const tunnel = await tunnelWithin(via, `${target.address}:${target.port}`);
  if (tunnel === undefined) return { tcp: 'timeout', tls: 'notTried', pems: [] };
  if ('refused' in tunnel) return notConnected(tunnel.refused.detail ?? tunnel.refused.outcome);
  const tcpMs = Math.round(performance.now() - startMs);
  tunnel.socket.destroy();
  const { address: host, port, sni, alpn } = target;
  const result = await attemptTls({
    ...{ host, port, via },
    ...(sni === undefined ? {} : { sni }),
    ...(alpn === undefined ? {} : { alpn }),
  });
  return { tcp: 'connected', tcpMs, ...tlsAnswer(result) };
}

/** Undefined when the pod got no answer to its SYN in time: its own connect timeout is longer than a snapshot waits. */
async function tunnelWithin(via: PortForward, authority: string): Promise<Tunnel | undefined> {
  try {
    return await openTunnel(via, authority, timeouts.connectMs);
  } catch (error) {
    if (via.lastFailure() === undefined && via.unopened() === 0) return undefined;
    throw error;
  }
}

/** Envoy's words for what became of a connection: "… delayed connect error: 111" and "connection timeout". */
function notConnected(detail: string): ProbeAnswer {
  const tcp = /refused|error: 111/i.test(detail)
    ? 'refused'
    : /time-?out|timed out|error: 110/i.test(detail)
      ? 'timeout'
      : 'failed';
  return { tcp, tls: 'notTried', pems: [], error: detail };
}

function tlsAnswer({ handshake, ended, alert, error, chain }: TlsResult): Omit<ProbeAnswer, 'tcp'> {
  const shown = chain.length > 0 || handshake === 'completed';
  const otherwise = ended === 'silence' ? 'timeout' : ended === 'answered' ? 'closed' : ended;
  return {
    tls: shown ? 'completed' : otherwise,
    pems: chain.map(({ pem }) => pem),
    ...(alert === undefined ? {} : { alert }),
    ...(error === undefined ? {} : { error }),
  };
}
