import type { Origin, Outcome } from './timeline.ts';

/** The parts of an HTTP answer that decide its outcome. Header names are in lower case, as in undici and node:http. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The begin of the body: at least 512 characters, if it has that many. */
  body: string;
}

/** The meaning of an answer or an error. */
export interface Classified {
  outcome: Outcome;
  origin?: Origin;
  detail?: string;
}

/**
 * Classifies an HTTP answer by its sender:
 *
 * 1. A workload of meshproof (clusters/workloads) adds `x-meshproof-*` to each answer, with Envoy's response flags and
 *    details. Flags `-`: its own answer. `FI`: a fault that the caller requested, so `appError` with an origin. Any other
 *    flag: the workload called another service (`/to/…`) and did not reach its own sidecar or, without a sidecar, the
 *    target. The called service did not answer, so the result does not have an origin.
 * 2. A local reply of a sidecar or gateway does not have these headers. Its texts are Envoy's, recorded in
 *    classify.test.ts from Envoy 1.39: "no healthy upstream" (UH), "upstream connect error or disconnect/reset before
 *    headers. [retried and the latest ]reset reason: <reason>[, transport failure reason: <reason>]" (UF, UC, UR, UO, UPE),
 *    "upstream request timeout" (UT), "stream timeout" (SI), "RBAC: access denied" (by AuthorizationPolicy), and an empty
 *    body with 404 (NR: no route), 503 (NC: the route's cluster is unknown) or 502 (Istio's BlackHoleCluster under
 *    REGISTRY_ONLY). Envoy 1.39 does not report the transport failure to clients: a failed handshake between two
 *    proxies is then a `connectFailure`. It is a `tlsFailure` only if an older Envoy reports it.
 *    A proxy that forwards an answer sets `x-envoy-upstream-service-time`. An error with this header comes from a proxy
 *    behind the first one (the server's proxy or a gateway). The detail names the proxy.
 * 3. Any other sender is not a workload of meshproof: below 400 `ok` without an origin, otherwise `appError`.
 */
export function classifyAnswer(answer: Answer): Classified {
  const origin = originOf(answer);
  const flags = text(answer.headers['x-meshproof-flags']);
  if (origin && flags !== undefined) return fromWorkload(answer, origin, flags);
  return fromProxy(answer) ?? fromOtherServer(answer, origin);
}

/** The workload that sent an answer, or undefined if it is not a workload of meshproof. */
export function originOf(answer: Pick<Answer, 'headers'>): Origin | undefined {
  const value = (key: keyof Origin) => text(answer.headers[`x-meshproof-${key}`]);
  const service = value('service');
  if (service === undefined) return undefined;
  return {
    service,
    cluster: value('cluster') ?? '',
    region: value('region') ?? '',
    zone: value('zone') ?? '',
    pod: value('pod') ?? '',
  };
}

/**
 * Classifies an error of a socket, of undici or of node:tls: the answer did not arrive, or not all of it. Reads the `code`
 * of the error or of its causes. An unknown code is an `upstreamReset` with the code and message as its detail.
 */
export function classifyError(error: unknown): Classified {
  const { code, message } = deepestCode(error);
  const detail = [code, message].filter(Boolean).join(': ');
  if (timeoutCodes.has(code)) return { outcome: 'clientTimeout', detail };
  if (connectCodes.has(code)) return { outcome: 'connectFailure', detail };
  if (/^ERR_(TLS|SSL)|^(CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_|^EPROTO$/.test(code))
    return { outcome: 'tlsFailure', detail };
  return { outcome: 'upstreamReset', detail };
}

const timeoutCodes = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
  'TimeoutError',
  'AbortError',
  'ABORT_ERR',
]);
const connectCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Outcomes of Envoy's response flags, for calls that a workload could not forward. */
const outcomeOfFlag: Readonly<Record<string, Outcome>> = {
  UH: 'noHealthyUpstream',
  UF: 'connectFailure',
  DF: 'connectFailure',
  UC: 'upstreamReset',
  UR: 'upstreamReset',
  LR: 'upstreamReset',
  UO: 'upstreamReset',
  URX: 'upstreamReset',
  UPE: 'upstreamReset',
  UT: 'upstreamTimeout',
  SI: 'upstreamTimeout',
  DT: 'upstreamTimeout',
  UMSDR: 'upstreamTimeout',
  NR: 'noRoute',
  NC: 'noRoute',
  UAEX: 'denied',
};

function fromWorkload(answer: Answer, origin: Origin, flags: string): Classified {
  const details = text(answer.headers['x-meshproof-details']) ?? '';
  if (answer.status < 400) return { outcome: 'ok', origin };
  const reached = flags === '-' || flags.split(',').includes('FI');
  if (reached) return { outcome: 'appError', origin, detail: `${answer.status} ${flags} ${details}` };
  const outcome = flags.split(',').map((flag) => outcomeOfFlag[flag]);
  return {
    outcome: outcome.find((one) => one !== undefined) ?? 'upstreamReset',
    detail: `${answer.status} ${flags} ${details} (reported by ${origin.service}/${origin.cluster}/${origin.pod})`,
  };
}

function fromProxy(answer: Answer): Classified | undefined {
  if (answer.status < 400) return undefined;
  const outcome = outcomeOfLocalReply(answer.status, answer.body);
  if (outcome === undefined) return undefined;
  const by = answer.headers['x-envoy-upstream-service-time'] === undefined ? 'first proxy' : 'a later proxy';
  const body = answer.body.trim() === '' ? 'with an empty body' : answer.body.trim().slice(0, 300);
  return { outcome, detail: `${answer.status} ${body} (${by})` };
}

function outcomeOfLocalReply(status: number, body: string): Outcome | undefined {
  if (body.startsWith('RBAC: access denied')) return 'denied';
  if (status === 401 && body.startsWith('Jwt ')) return 'denied';
  if (body.startsWith('no healthy upstream')) return 'noHealthyUpstream';
  if (body.startsWith('upstream request timeout') || body.startsWith('stream timeout'))
    return 'upstreamTimeout';
  if (body.startsWith('DNS resolution failure')) return 'connectFailure';
  const reset =
    /^upstream connect error or disconnect\/reset before headers.*?reset reason: ([^,]+)(.*)/s.exec(body);
  if (reset) return outcomeOfReset(reset[1] ?? '', reset[2] ?? '');
  if (body === '' && [404, 502, 503].includes(status)) return 'noRoute';
  return undefined;
}

function outcomeOfReset(reason: string, transport: string): Outcome {
  if (/TLS_error|SSL|CERTIFICATE/i.test(transport)) return 'tlsFailure';
  return /^(remote |local )?connection (failure|timeout)/.test(reason) ? 'connectFailure' : 'upstreamReset';
}

function fromOtherServer(answer: Answer, origin: Origin | undefined): Classified {
  const who = origin === undefined ? {} : { origin };
  if (answer.status < 400) return { outcome: 'ok', ...who };
  return {
    outcome: 'appError',
    ...who,
    detail: `${answer.status} ${answer.body.trim().slice(0, 300)}`.trim(),
  };
}

/** The most specific code in an error and its causes. Errors of AbortSignal have it as their name. */
function deepestCode(error: unknown): { code: string; message: string } {
  let found = { code: '', message: String(error) };
  for (let one = error; one instanceof Error; one = one.cause) {
    const named = /^(Timeout|Abort)Error$/.test(one.name) ? one.name : '';
    const code = 'code' in one && typeof one.code === 'string' ? one.code : named;
    if (code !== '' || found.code === '')
      found = { code, message: one.message || innerMessages(one) || one.name };
    if (one instanceof AggregateError && one.errors[0] instanceof Error && code === '')
      return deepestCode(one.errors[0]);
  }
  return found;
}

/** For a host with several addresses, Node throws an AggregateError with an empty message. */
function innerMessages(error: Error): string {
  return error instanceof AggregateError
    ? error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ')
    : '';
}

const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : value);
