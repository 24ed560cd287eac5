import { timeouts } from '../base/timeouts.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { PodRef, PortForward } from '../kube/port-forward.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { attemptTls, type TlsResult } from '../traffic/tls.ts';
import { openTunnel, type Tunnel } from '../traffic/tunnel.ts';
import type { ProbeAnswer, Prober, ProbeTarget } from './probing.ts';

/** A {@link Prober} with its port-forwards. Dispose it when the snapshot is taken. */
export interface MeshProber extends AsyncDisposable {
  probe: Prober;
}

/** Tries connections from the pods of meshproof through their call port. Opens one port-forward for each pod. */
export function openMeshProber(): MeshProber {
  const forwards = new Map<string, Promise<PortForward>>();
  let over = false;
  const forwardTo = async (cluster: MeshCluster, from: PodRef): Promise<PortForward> => {
    // A collector that has abandoned a probe can still call this. A port-forward that is opened now would stay open.
    if (over)
      throw new Error(
        `The probe from ${from.name} in ${cluster.name} does not start: the snapshot is complete.`,
      );
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
      const ends = opened.flatMap((one) =>
        one.status === 'fulfilled' ? [one.value[Symbol.asyncDispose]()] : [],
      );
      await Promise.all(ends);
    },
  };
}

/** Tries TCP first and TLS second, to separate failures of the connection from failures of TLS. Each uses its own tunnel. */
async function probeFrom(via: PortForward, target: ProbeTarget): Promise<ProbeAnswer> {
  const startMs = performance.now();
  const tunnel = await tunnelWithin(via, `${target.address}:${target.port}`);
  if (tunnel === undefined) return { tcp: 'timeout', tls: 'notTried', pems: [] };
  if ('refused' in tunnel) return notConnected(tunnel.refused.detail ?? tunnel.refused.outcome);
  const tcpMs = Math.round(performance.now() - startMs);
  tunnel.socket.destroy();
  const { address: host, port, sni, alpn } = target;
  const result = await attemptTls({
    host,
    port,
    via,
    ...(sni === undefined ? {} : { sni }),
    ...(alpn === undefined ? {} : { alpn }),
  });
  return { tcp: 'connected', tcpMs, ...tlsAnswer(result) };
}

/** Undefined if the pod did not get an answer to its SYN in time: its connect timeout is longer than that of the snapshot. */
async function tunnelWithin(via: PortForward, authority: string): Promise<Tunnel | undefined> {
  try {
    return await openTunnel(via, authority, timeouts.connectMs);
  } catch (error) {
    if (via.lastFailure() === undefined && via.unopened() === 0) return undefined;
    throw error;
  }
}

/** Reads Envoy's text on a failed connection: "… delayed connect error: 111" or "connection timeout". */
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
