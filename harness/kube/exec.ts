import { Writable } from 'node:stream';
import { Exec, type V1Status } from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { ClusterApi } from './cluster-api.ts';
import { messageOf, quietHandler, withDeadline, type PodRef } from './port-forward.ts';

/** The output of a command in a container. */
export interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/**
 * Runs a command in a container and waits for its end, at most `timeoutMs`. A command that fails is a result, by its
 * exit code; that it could not be run, or that the API server ended the connection without a status, is an error that
 * names the cluster, pod and command.
 */
export async function exec(
  api: ClusterApi,
  pod: PodRef,
  container: string,
  argv: readonly string[],
  timeoutMs: number = timeouts.apiMs,
): Promise<ExecResult> {
  const [stdout, stderr] = [collector(), collector()];
  const ended = Promise.withResolvers<V1Status>();
  ended.promise.catch(() => undefined); // it may come before anyone waits for it
  const timer = setTimeout(() => ended.reject(new Error(`no end within ${timeoutMs} ms`)), timeoutMs);
  try {
    const running = new Exec(api.config, quietHandler(api)).exec(
      pod.namespace,
      pod.name,
      container,
      [...argv],
      stdout.stream,
      stderr.stream,
      null,
      false,
      ended.resolve,
    );
    const ws = await whileWaiting(() => withDeadline(running));
    // A status that came is taken first: the promise is settled by then.
    ws.addEventListener('close', () => ended.reject(new Error('the connection ended without a status')));
    const status = await whileWaiting(() => ended.promise);
    ws.close();
    return { stdout: stdout.text(), stderr: stderr.text(), exitCode: exitCodeOf(status) };
  } catch (error) {
    const where = `${pod.namespace}/${pod.name} (${container}) in cluster ${api.cluster}`;
    throw new Error(`Could not run \`${argv.join(' ')}\` in ${where}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The exit code in the status that ends an exec; 0 for success.
 *
 * @throws Error with the server's words when the command was not run at all.
 */
export function exitCodeOf(status: V1Status): number {
  if (status.status === 'Success') return 0;
  const code = status.details?.causes?.find((cause) => cause.reason === 'ExitCode')?.message;
  if (code === undefined) throw new Error(status.message ?? `status ${JSON.stringify(status)}`);
  return Number(code);
}

function collector(): { stream: Writable; text(): string } {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece: Buffer, _encoding, done) {
      pieces.push(piece);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(pieces).toString() };
}
