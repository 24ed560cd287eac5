import { ApiException } from '#kubernetes-client';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import { explained } from './failure-words.ts';

const mostShown = 500;

/** The answer of an API server to a failed call, or the error of the connection, in one line. */
export function serverSaid(error: unknown): string {
  const answer = answerIn(error);
  if (!answer) return explained(error).why;
  return `status ${answer.code}: ${messageIn(answer.body).slice(0, mostShown)}`;
}

/** The error for an answer with an error status: its message is one line, not client-node's with the whole body and all headers. */
export function refusal(
  status: number,
  body: string,
  headers: Record<string, string>,
): ApiException<unknown> {
  const error = new ApiException(status, '', body, headers);
  error.message = serverSaid(error);
  return error;
}

/** The remedy: one sentence, or '' if the message of the server has to suffice. */
export function adviceOn(error: unknown, { context }: Pick<MeshFileCluster, 'context'>): string {
  const code = answerIn(error)?.code;
  if (code === undefined)
    return `Is the API server up, and is it reached from here? \`kubectl --context ${context} get --raw /readyz\` tells.`;
  if (code === 401) return `Renew the credentials of context ${context}.`;
  if (code === 403)
    return `Ask for that right for the account of context ${context}, or name a context that has it in the mesh file.`;
  return '';
}

/** The answer of a server in an error or in one of its causes. */
function answerIn(error: unknown): ApiException<unknown> | undefined {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof ApiException) return each as ApiException<unknown>;
  return undefined;
}

function messageIn(body: unknown): string {
  const status = typeof body === 'string' ? parsed(body) : body;
  if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  return typeof body === 'string' && body !== '' ? body.trim() : 'without a word';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
