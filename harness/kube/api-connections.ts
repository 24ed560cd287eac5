import type { RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** Above this many connections an API server only queues. */
export const apiConnections = 6;

/** What TLS to an API server needs, of options that client-node has filled in; only what is set. */
export function tlsOf(options: RequestOptions): Record<string, unknown> {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const given = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/**
 * Connections to one API server that are kept between requests: client-node opens one for every request, and a handshake costs
 * more than most answers. They are closed after a few idle seconds, and do not keep a process from ending.
 *
 * @returns undefined where client-node has to choose for every request: it goes through a proxy, is not encrypted, or a login program
 *   may give another certificate.
 */
export async function keptConnections(config: KubeConfig): Promise<Dispatcher | undefined> {
  const { proxyUrl, server = '' } = config.getCurrentCluster() ?? {};
  const { exec, authProvider } = (config.getCurrentUser() ?? {}) as {
    exec?: unknown;
    authProvider?: unknown;
  };
  if (proxyUrl !== undefined || exec != null || authProvider != null || !server.startsWith('https:'))
    return undefined;
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // Not HTTP/2: a request that ends by its limit has to end its connection, too, or one that is dead is used for minutes.
  return new Agent({ connections: apiConnections, allowH2: false, connect: tlsOf(options) });
}
