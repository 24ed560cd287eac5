import type { Origin, Outcome } from './timeline.ts';

/** An HTTP answer as far as its outcome depends on it. Header names in lower case, as undici and node:http give them. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body, at least 512 characters where there are as many. */
  body: string;
}

/** What an answer or an error means. */
export interface Classified {
  outcome: Outcome;
  origin?: Origin;
  detail?: string;
}

/**
 * What an HTTP answer means. Three kinds of speaker are told apart:
 *
 * 1. A workload of meshproof (clusters/workloads) adds `x-meshproof-*` to each answer it makes, with Envoy's response
 *    flags and details. Flags `-`: its own answer. `FI`: a fault that was asked for, hence `appError` with an origin. Any
 *    other: it tried to call on (`/to/…`) and did not get as far as its own sidecar or, without one, the target; then
 *    there is no origin, as the service that was called did not answer.
 * 2. A sidecar or gateway that answers by itself adds none of these. Its texts are Envoy's, recorded in
 *    classify.test.ts from Envoy 1.39: "no healthy upstream" (UH), "upstream connect error or disconnect/reset before
 *    headers. [retried and the latest ]reset reason: <reason>[, transport failure reason: <reason>]" (UF, UC, UR, UO, UPE),
 *    "upstream request timeout" (UT), "stream timeout" (SI), "RBAC: access denied" (by AuthorizationPolicy), and an empty
 *    body with 404 (NR: no route), 503 (NC: the route's cluster is unknown) or 502 (Istio's BlackHoleCluster under
 *    REGISTRY_ONLY). Envoy 1.39 no longer names the transport failure to clients: a failed handshake between two
 *    proxies is then a `connectFailure`, and a `tlsFailure` only where an older Envoy says so.
 *    `x-envoy-upstream-service-time` is set by a proxy that passes an answer on: an error that carries it was made
 *    further on (the server's proxy or a gateway), one without it by the first proxy. The detail says which.
 * 3. Anything else is a server that is not ours: below 400 `ok` without an origin, otherwise `appError`.
 */
export function classifyAnswer(answer: Answer): Classified {
  const origin = originOf(answer);
  const flags = text(answer.headers['x-meshproof-flags']);
  if (origin && flags !== undefined) return fromWorkload(answer, origin, flags);
  return fromProxy(answer) ?? fromStranger(answer, origin);
}

/** Who made an answer, or undefined when it was not a workload of meshproof. */
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
 * What an error of a socket, of undici or of node:tls means: no whole answer came back. Reads the `code` of the error or
 * of its causes; a code it does not know is an `upstreamReset`, its detail the code and message.
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

/** Outcomes of Envoy's response flags, for calls that a workload could not pass on. */
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
    detail: `${answer.status} ${flags} ${details} (told by ${origin.service}/${origin.cluster}/${origin.pod})`,
  };
}

function fromProxy(answer: Answer): Classified | undefined {
  if (answer.status < 400) return undefined;
  const outcome = outcomeOfLocalReply(answer.status, answer.body);
  if (outcome === undefined) return undefined;
  const by =
    answer.headers['x-envoy-upstream-service-time'] === undefined ? 'first proxy' : 'a proxy further on';
  const said = answer.body.trim() === '' ? 'with no body' : answer.body.trim().slice(0, 300);
  return { outcome, detail: `${answer.status} ${said} (${by})` };
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

function fromStranger(answer: Answer, origin: Origin | undefined): Classified {
  const who = origin === undefined ? {} : { origin };
  if (answer.status < 400) return { outcome: 'ok', ...who };
  return {
    outcome: 'appError',
    ...who,
    detail: `${answer.status} ${answer.body.trim().slice(0, 300)}`.trim(),
  };
}

/** The most specific code in an error and its causes; AbortSignal's errors tell it by name. */
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

/** Node reports a host with several addresses as an AggregateError whose own message is empty. */
function innerMessages(error: Error): string {
  return error instanceof AggregateError
    ? error.errors.map((one: unknown) => (one instanceof Error ? one.message : String(one))).join('; ')
    : '';
}

const text = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(',') : value);
