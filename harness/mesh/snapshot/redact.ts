/** What stands where a secret was. */
export const redactedMark = '[redacted]';

const patterns: readonly [RegExp, string][] = [
  // Keys in PEM, also with their line breaks escaped as in JSON; one that is cut off, to the end of the text.
  [
    /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|$)/g,
    redactedMark,
  ],
  // The same in base64, as in the data of a Secret: "-----BEGIN".
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]+/g, redactedMark],
  // JWTs begin with {" in base64url; with the signature or without, whole or cut off. And once more in base64.
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, redactedMark],
  [/\bZXlK[A-Za-z0-9+/=_-]{16,}/g, redactedMark],
  // Headers, as text and as JSON.
  [/\b(bearer|basic|negotiate|digest)(\s+|%20)[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${redactedMark}`],
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?["']?\s*[:=]\s*)\\?["']?[^\r\n"'\\]+/gi,
    `$1$2${redactedMark}`,
  ],
  // Named values: password=…, "api_key": "…", token: ….
  [
    /\b([\w-]*(?:passw(?:or)?d|passphrase|api[-_]?key|access[-_]?key|private[-_]?key|client[-_]?secret|secret[-_]?key|signing[-_]?key))(\\?["']?\s*[:=]\s*)(\\?["']?)[^\s"'\\,;&}]+/gi,
    `$1$2$3${redactedMark}`,
  ],
  [/\b([\w-]*token)(\\?["']?\s*[:=]\s*)(\\?["']?)[A-Za-z0-9._~+/=-]{16,}/gi, `$1$2$3${redactedMark}`],
  // Credentials in URLs.
  [/(:\/\/)[^\s/:@"']+:[^\s/@"']+@/g, `$1${redactedMark}@`],
  // Kubernetes' bootstrap tokens, and tokens that well-known issuers mark.
  [/\b[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16}\b/g, redactedMark],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, redactedMark],
  [/\bgh[pousr]_[A-Za-z0-9]{20,}/g, redactedMark],
  [/\bglpat-[\w-]{20,}/g, redactedMark],
  [/\bxox[abeprs]-[A-Za-z0-9-]{10,}/g, redactedMark],
];

const endOfKey = /-----END (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/;

/**
 * A text without the secrets that can be recognised in it: private keys in PEM, tokens that are JWTs, authorization headers
 * and cookies, values named like a password or key, credentials in URLs. It is the second line of defence: what is not
 * chosen by the schema does not get as far as here.
 */
export function redactText(text: string): string {
  const replaced = patterns.reduce((each, [pattern, by]) => each.replace(pattern, by), text);
  return endOfKey.test(replaced) ? withoutCutKeys(replaced) : replaced;
}

/** A log may begin in the middle of a key: the lines of base64 before an END that has no BEGIN. */
function withoutCutKeys(text: string): string {
  const lines = text.split('\n');
  const kept: string[] = [];
  for (const line of lines) {
    if (!endOfKey.test(line)) {
      kept.push(line);
      continue;
    }
    while (/[A-Za-z0-9+/=]{20,}\s*$/.test(kept.at(-1) ?? '')) kept.pop();
    kept.push(redactedMark);
  }
  return kept.join('\n');
}

/** The query of a URL, which may be signed or carry a key: a regular expression's `https?://` and `(?:` are none. */
const urlQuery = /(?<=:\/\/[^\s?#"'<>\\]*)\?[^\s#"'<>\\]+/g;
/** The same of a path, as a specification has one: only with a name, since `?` is a sign of regular expressions, too. */
const namedQuery = /(?<=\/[^\s?"'\\]*)\?(?=[\w.%[\]-]+=)[^\s"'\\]+/g;
/** And of a request in a log, whatever it looks like. */
const pathQuery = /(?<=\/[^\s?"'\\]*)\?[^\s"'\\]+/g;

/** A URL without its query. */
export const withoutQuery = (url: string): string => url.replace(urlQuery, `?${redactedMark}`);

/** A log without what {@link redactText} takes out, and without the queries of URLs and of requests. */
export const redactLog = (text: string): string => redactText(text).replace(pathQuery, `?${redactedMark}`);

/** Names of fields whose value is a secret whatever it looks like, in Istio's and Envoy's resources. */
const secretName =
  /^(?:.*[-_.])?(?:authorization|cookie|set-cookie|password|passwd|passphrase|token|(?:api|access|auth|signing)[-_]?key|signature|secret|client[-_]?secret|private[-_]?key(?:data)?|inline[-_]?(?:string|bytes)|jwks)$/i;

/** Whether a value under this name is taken for a secret. `credentialName` and `tokenUri` are names and places: no. */
export const isSecretName = (name: string): boolean => secretName.test(name);

/** A copy of anything JSON with {@link redactText} applied to every string but those of the fields named in `keep`. */
export function redacted<T>(value: T, keep: ReadonlySet<string> = new Set()): T {
  return copy(value, (name, text) => (keep.has(name) ? text : redactText(text)), '') as T;
}

function copy(value: unknown, clear: (name: string, text: string) => string, name: string): unknown {
  if (typeof value === 'string') return clear(name, value);
  if (Array.isArray(value)) return value.map((each) => copy(each, clear, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [redactText(key), copy(each, clear, key)]),
  );
}

type Table = Readonly<Record<string, unknown>>;

/**
 * The same for the specification of a resource, where also goes: whatever stands under a {@link isSecretName} name, however deep;
 * the `value` beside such a `name`; under any name the strings that headers are matched with, set to or added with, and the values
 * of headers in conditions of an AuthorizationPolicy; and the queries of URLs.
 */
export function redactedSpec<T>(spec: T): T {
  return specCopy(spec, 'plain') as T;
}

/** How a part of a specification is read: `secret` where all of it goes, `headers` and `changes` of headers directly under such a name. */
type Reading = 'plain' | 'headers' | 'changes' | 'secret';

function specCopy(value: unknown, reading: Reading): unknown {
  if (typeof value === 'string') return specText(value, reading);
  if (typeof value === 'number') return reading === 'secret' ? redactedMark : value;
  if (Array.isArray(value)) return value.map((each) => specCopy(each, reading));
  if (typeof value !== 'object' || value === null) return value;
  const table = value as Table;
  return Object.fromEntries(
    Object.entries(table).map(([key, each]) => [
      redactText(key),
      specCopy(each, readingOf(key, table, reading)),
    ]),
  );
}

function specText(text: string, reading: Reading): string {
  if (reading === 'secret') return text === '' ? text : redactedMark;
  return withoutQuery(redactText(text)).replace(namedQuery, `?${redactedMark}`);
}

/** What an AuthorizationPolicy asks of a header: `{ key: 'request.headers[x-token]', values: […] }`. */
const headerCondition = /^request\.headers\b/;
const matches = new Set(['exact', 'prefix', 'suffix', 'regex', 'value']);

function readingOf(key: string, table: Table, reading: Reading): Reading {
  const { name, key: asked } = table;
  if (reading === 'secret' || isSecretName(key)) return 'secret';
  if (key === 'value' && typeof name === 'string' && isSecretName(name)) return 'secret';
  if (/^(?:not)?values$/i.test(key) && typeof asked === 'string' && headerCondition.test(asked))
    return 'secret';
  if ((reading === 'headers' || reading === 'changes') && matches.has(key)) return 'secret';
  // What a header is given is often what lets a call in, whatever its name: `x-origin-verify`. HTTPRoutes have lists of name and value.
  if (reading === 'changes' && (key === 'set' || key === 'add'))
    return Array.isArray(table[key]) ? 'headers' : 'secret';
  if (/^(?:without)?headers$/i.test(key)) return 'headers';
  if (/^(?:request|response)HeaderModifier$/i.test(key)) return 'changes';
  // `headers: { request: { set } }` changes headers.
  if (reading === 'headers') return key === 'request' || key === 'response' ? 'changes' : 'headers';
  return 'plain';
}
