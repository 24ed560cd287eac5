import { timeouts } from '../base/timeouts.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { PodRef, PortForward } from '../kube/port-forward.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { attemptTls, type TlsResult } from '../traffic/tls.ts';
import { openTunnel, type Tunnel } from '../traffic/tunnel.ts';
import type { ProbeAnswer, Prober, ProbeTarget } from './probing.ts';

/** A {@link Prober} with its open port-forwards. Dispose it when the snapshot is taken. */
export interface MeshProber extends AsyncDisposable {
  probe: Prober;
}

/** Tries connections from meshproof's pods through their call port, with one port-forward a pod. */
export function openMeshProber(): MeshProber {
  const forwards = new Map<string, Promise<PortForward>>();
  let over = false;
  const forwardTo = async (cluster: MeshCluster, from: PodRef): Promise<PortForward> => {
    // A probe that exceeded its deadline may still ask. A port-forward that opens now would never be closed.
    if (over) throw new Error(`Probing from ${from.name} failed: the snapshot is complete.`);
    const key = `${cluster.name}/${from.namespace}/${from.name}`;
    const forward = forwards.get(key) ?? cluster.portForward(from, workloadPorts.call);
    forwards.set(key, forward);
    return forward;
  };
  return {
    probe: async (cluster, from, target) => probeFrom(await forwardTo(cluster, from), target),
    [Symbol.asyncDispose]: async () => {
      over = true;
      const opened = await Promise.allSettled(forwards.values());
      const ends = opened.flatMap((forward) =>
        forward.status === 'fulfilled' ? [forward.value[Symbol.asyncDispose]()] : [],
      );
      await Promise.all(ends);
    },
  };
}

/** Tries TCP first, to distinguish a failed connection from a failed TLS handshake. TLS then opens a new tunnel. */
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

/** Undefined if the pod got no answer to its SYN in time: its connect timeout is longer than the wait of a snapshot. */
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
