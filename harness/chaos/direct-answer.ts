import { request } from 'node:http';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { workloadPorts } from '../config/workload-names.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';

/** What a pod of meshproof's answers when it is asked itself. */
export interface DirectAnswer {
  /** Undefined: no answer for {@link timeouts.silenceMs}. */
  status: number | undefined;
  /** Until the head of the answer came, or until nobody waited any more. */
  firstByteMs: number;
  /** Of the body, within {@link timeouts.silenceMs} from the head on. */
  bytes: number;
  /** The body came to its end. */
  ended: boolean;
}

/** One request to a pod by port-forward: it arrives from loopback and passes no proxy of the mesh. */
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
      settle(); // broken off is as good as no answer; a broken way is told by the relay
    });
    asked.end();
  });
}
