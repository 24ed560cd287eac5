/**
 * A server on loopback that checks the measurements of a load: it answers by a script, fails for a time that it measures, and
 * counts requests. It is a separate process, so that its work does not count as the generator's.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Answer, Command, Reply } from './protocol.ts';

let script: Answer[] = [{ kind: 'ok', cluster: 'west' }];
let broken: 'reset' | 'hang' | undefined;
let connections = 0;
let requests = 0;

/** As a workload of meshproof answers (clusters/workloads). */
const originOf = (cluster: string): Record<string, string> => ({
  'x-meshproof-service': 'catalog',
  'x-meshproof-cluster': cluster,
  'x-meshproof-region': `region-${cluster}`,
  'x-meshproof-zone': `zone-${cluster}-a`,
  'x-meshproof-pod': `catalog-${cluster}-1`,
  'x-meshproof-flags': '-',
  'x-meshproof-details': 'direct_response',
});

function answer(request: IncomingMessage, response: ServerResponse): void {
  const next = script[requests++ % script.length];
  const kind = broken ?? next?.kind;
  if (kind === 'reset') request.socket.resetAndDestroy();
  else if (next?.kind === 'ok' && kind === 'ok')
    response.writeHead(200, originOf(next.cluster)).end('{"service":"catalog"}');
  else if (next?.kind === 'status' && kind === 'status') response.writeHead(next.status).end(next.body);
  // A hang does not answer: the client times out.
}

const reply = (one: Reply): void => void process.stdout.write(`${JSON.stringify(one)}\n`);

function obey(command: Command): void {
  if (command.do === 'script') {
    script = command.answers;
    [requests, connections] = [0, 0];
    reply({ did: 'script' });
  } else if (command.do === 'count') {
    reply({ did: 'count', requests, connections });
  } else {
    broken = command.how;
    const fromNs = process.hrtime.bigint();
    setTimeout(() => {
      broken = undefined;
      reply({ did: 'break', fromNs: String(fromNs), toNs: String(process.hrtime.bigint()) });
    }, command.forMs);
  }
}

const server = createServer({ keepAliveTimeout: 60_000 }, answer);
server.on('connection', () => (connections += 1));
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () =>
  reply({ did: 'listen', port: (server.address() as AddressInfo).port }),
);
createInterface({ input: process.stdin })
  .on('line', (line) => obey(JSON.parse(line) as Command))
  .on('close', () => process.exit());
