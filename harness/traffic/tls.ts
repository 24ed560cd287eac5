import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Relay } from '../kube/port-forward.ts';
import { openTunnel } from './tunnel.ts';

/** A TLS connection to try. */
export interface TlsAttempt {
  host: string;
  port: number;
  /** A loopback address that forwards to the call port of a workload. That workload then opens the connection. */
  via?: Relay;
  /** Server name; for an east-west gateway {@link eastWestSni}. */
  sni?: string;
  /** Default: the protocols of a sidecar. */
  alpn?: readonly string[];
  /** The certificate chain of the client in PEM; needs `key`. Without both, the client does not present a certificate. */
  cert?: string;
  key?: string;
  /** Sent after the handshake; default: an HTTP/1.1 request for `/`. */
  say?: Buffer | string;
  /** The time to wait for an answer after the handshake, and the least time for the handshake; default {@link timeouts.tlsListenMs}. */
  listenMs?: number;
}

/** A certificate that the server presented. */
export interface PeerCertificate {
  pem: string;
  subject: string;
  issuer: string;
  /** URIs among its subject alternative names. The certificate of a workload has one: its SPIFFE id. */
  uris: string[];
}

/** The result of a {@link TlsAttempt}. */
export interface TlsResult {
  /**
   * `noConnection`: TCP was refused. `refused`: the handshake failed. `completed`: the client completed the handshake. In
   * TLS 1.3 the server checks the client's certificate after that, so judge by `ended` and `received`.
   */
  handshake: 'noConnection' | 'refused' | 'completed';
  /** For example `TLSv1.3`. */
  protocol?: string;
  alpn?: string;
  /** Leaf first, as the server sent it. */
  chain: PeerCertificate[];
  /** The decrypted bytes of the answer. */
  received: Buffer;
  /** The end of the connection; `silence`: still open after `listenMs`. */
  ended: 'answered' | 'alert' | 'reset' | 'closed' | 'silence';
  /** The TLS alert of the server, as OpenSSL names it: "certificate required", "unknown ca", "bad certificate". */
  alert?: string;
  /** Code and message of the error. */
  error?: string;
}

/** The server name (SNI) by which an east-west gateway (AUTO_PASSTHROUGH) routes to a service. */
export const eastWestSni = (
  service: string,
  namespace: string,
  port = 80,
  domain = 'cluster.local',
): string => `outbound_.${port}_._.${service}.${namespace}.svc.${domain}`;

/**
 * The protocols that a sidecar offers for a call over HTTP/1.1. An east-west gateway accepts connections that offer a
 * protocol of Istio. `istio-peer-exchange` is not in the list: a client that offers it must first exchange metadata.
 */
const sidecarAlpn = ['istio-http/1.1', 'istio', 'http/1.1'];

/**
 * Connects, completes the handshake without verifying the certificate of the server (the caller does), sends `say` and
 * waits for an answer. Rejects only with `TransportFailure`, if the connection to `via` is broken.
 */
export function attemptTls(attempt: TlsAttempt): Promise<TlsResult> {
  return whileWaiting(() => shakeHands(attempt));
}

async function shakeHands(attempt: TlsAttempt): Promise<TlsResult> {
  const socket = await openSocket(attempt);
  if (socket instanceof Error)
    return { handshake: 'noConnection', chain: [], received: Buffer.alloc(0), ...endOf(socket) };
  const { cert, key, sni } = attempt;
  const tls = connectTls({
    socket,
    rejectUnauthorized: false,
    ALPNProtocols: [...(attempt.alpn ?? sidecarAlpn)],
    ...(sni === undefined ? {} : { servername: sni }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  });
  try {
    return await converse(tls, attempt);
  } finally {
    tls.destroy();
    socket.destroy();
  }
}

async function openSocket(attempt: TlsAttempt): Promise<Duplex | Error> {
  if (attempt.via) {
    const tunnel = await openTunnel(attempt.via, `${attempt.host}:${attempt.port}`);
    return 'refused' in tunnel ? new Error(tunnel.refused.detail ?? tunnel.refused.outcome) : tunnel.socket;
  }
  return new Promise((resolve) => {
    const socket = connectTcp({ host: attempt.host, port: attempt.port, timeout: timeouts.connectMs });
    socket.once('timeout', () => socket.destroy(new Error(`no connection within ${timeouts.connectMs} ms`)));
    socket.once('error', resolve);
    socket.once('connect', () => resolve(socket.setTimeout(0).off('error', resolve)));
  });
}

function converse(tls: TLSSocket, attempt: TlsAttempt): Promise<TlsResult> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    let seen: Pick<TlsResult, 'handshake' | 'chain' | 'protocol' | 'alpn'> = {
      handshake: 'refused',
      chain: [],
    };
    const settle = (end: Pick<TlsResult, 'ended' | 'alert' | 'error'>) => {
      clearTimeout(timer);
      resolve({ ...seen, received: Buffer.concat(received), ...end });
    };
    const silence = () => settle({ ended: received.length > 0 ? 'answered' : 'silence' });
    let timer = setTimeout(silence, Math.max(timeouts.requestMs, attempt.listenMs ?? 0));
    tls.once('secureConnect', () => {
      seen = { handshake: 'completed', ...agreed(tls) };
      clearTimeout(timer);
      timer = setTimeout(silence, attempt.listenMs ?? timeouts.tlsListenMs);
      tls.write(attempt.say ?? `GET / HTTP/1.1\r\nhost: meshproof\r\nconnection: close\r\n\r\n`);
    });
    tls.on('data', (piece: Buffer) => received.push(piece));
    tls.once('error', (error: Error) => settle(endOf(error, received.length > 0)));
    tls.once('close', () => settle({ ended: received.length > 0 ? 'answered' : 'closed' }));
  });
}

function agreed(tls: TLSSocket): Pick<TlsResult, 'protocol' | 'alpn' | 'chain'> {
  const protocol = tls.getProtocol();
  return {
    chain: chainOf(tls.getPeerCertificate(true)),
    ...(protocol === null ? {} : { protocol }),
    ...(tls.alpnProtocol ? { alpn: tls.alpnProtocol } : {}),
  };
}

function chainOf(leaf: DetailedPeerCertificate): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  const seen = new Set<string>();
  for (let one = leaf; one?.raw && !seen.has(one.fingerprint256); one = one.issuerCertificate) {
    seen.add(one.fingerprint256);
    chain.push(describe(one.raw));
  }
  return chain;
}

function describe(raw: Buffer): PeerCertificate {
  const certificate = new X509Certificate(raw);
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return {
    pem: certificate.toString(),
    subject: certificate.subject?.replaceAll('\n', ', ') ?? '',
    issuer: certificate.issuer?.replaceAll('\n', ', ') ?? '',
    uris: names.filter((name) => name.startsWith('URI:')).map((name) => name.slice('URI:'.length)),
  };
}

function endOf(
  error: Error & { code?: string; reason?: string },
  answered = false,
): Pick<TlsResult, 'ended' | 'alert' | 'error'> {
  const text = `${error.code ?? ''} ${error.message}`.trim();
  // OpenSSL reports a received alert as "tlsv13 alert certificate required", "sslv3 alert bad certificate".
  const alert = /alert ([a-z][a-z ]*)/.exec(error.reason ?? error.message)?.[1];
  if (alert !== undefined) return { ended: 'alert', alert: alert.trim(), error: text };
  if (answered) return { ended: 'answered', error: text };
  return { ended: error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'closed', error: text };
}
