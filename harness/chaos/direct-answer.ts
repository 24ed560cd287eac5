import { request } from 'node:http';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';

/** The answer of a pod of meshproof to a request outside the mesh. */
export interface DirectAnswer {
  /** Undefined without an answer within {@link timeouts.silenceMs}. */
  status: number | undefined;
  /** The time until the head of the answer, or until the request was given up. */
  firstByteMs: number;
  /** Bytes of the body that arrived within {@link timeouts.silenceMs} after the head. */
  bytes: number;
  /** Whether the body was complete. */
  ended: boolean;
}

/** Sends a request to a pod through a port-forward: it arrives from loopback and passes no proxy of the mesh. */
export async function askDirectly(
  cluster: MeshCluster,
  pod: Pick<Pod, 'namespace' | 'name'>,
  path: string,
): Promise<DirectAnswer> {
  await using forward = await cluster.portForward(pod, workloadPorts.serve);
  const { host, port } = forward;
  const answer = await whileWaiting(() => ask(host, port, path));
  const failure = forward.lastFailure();
  if (failure) throw failure;
  return answer;
}

function ask(host: string, port: number, path: string): Promise<DirectAnswer> {
  const beganMs = performance.now();
  const answer: DirectAnswer = { status: undefined, firstByteMs: 0, bytes: 0, ended: false };
  return new Promise((resolve) => {
    const asked = request({ host, port, path, agent: false });
    const settle = () => {
      if (answer.status === undefined) answer.firstByteMs = Math.round(performance.now() - beganMs);
      asked.destroy();
      resolve(answer);
    };
    let timer = setTimeout(settle, timeouts.silenceMs);
    asked.once('response', (response) => {
      answer.status = response.statusCode;
      answer.firstByteMs = Math.round(performance.now() - beganMs);
      clearTimeout(timer);
      timer = setTimeout(settle, timeouts.silenceMs);
      response.on('data', (piece: Buffer) => (answer.bytes += piece.length));
      response.once('end', () => {
        clearTimeout(timer);
        answer.ended = true;
        settle();
      });
    });
    asked.once('error', () => {
      clearTimeout(timer);
      settle(); // as without an answer; the port-forward reports its own failure
    });
    asked.end();
  });
}
