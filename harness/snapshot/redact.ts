/** The placeholder of a secret. */
export const redactedMark = '[redacted]';

const privateKey = '(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----';
/** Keys in PEM, also with their line breaks escaped as in JSON; a key that is cut off, to the end of the text. */
const privateKeys = new RegExp(`-----BEGIN ${privateKey}[^]*?(?:-----END ${privateKey}|$)`, 'g');
const endOfKey = new RegExp(`-----END ${privateKey}`);

/** Credentials that can be recognised by their own form, and headers. Each takes time in proportion to the line. */
const forms: readonly [RegExp, string][] = [
  // PEM in base64, as in the data of a Secret: "-----BEGIN".
  [/LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]+/g, redactedMark],
  // JWTs begin with {" in base64url; with the signature or without, whole or cut off. Also encoded again in base64.
  [/\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,4}/g, redactedMark],
  [/\bZXlK[A-Za-z0-9+/=_-]{16,}/g, redactedMark],
  [/\b(bearer|basic|negotiate|digest)(\s+|%20)(?!sha256:)[^\s"',;]{6,}/gi, `$1 ${redactedMark}`],
  [/\b(authorization|cookie)(\s{0,4}[:=]\s{0,4})[^\s"'\\][^\r\n]*/gi, `$1$2${redactedMark}`],
  // Options of programs: --token VALUE.
  [/(--[\w-]{0,40}(?:token|secret|key|pass(?:word|phrase)?)\s+)\S+/gi, `$1${redactedMark}`],
  // User information in URLs of any scheme, and before a host without a scheme. A digest of an image is not that.
  [/(:\/\/)[^\s"'<>/?#@:]{0,256}:(?!\d+\/)[^\s"'<>]{1,1024}@/g, `$1${redactedMark}@`],
  [/(:\/\/)(?!\[redacted\]@)[^\s"'<>/?#@]{1,1024}@/g, `$1${redactedMark}@`],
  [/\b[\w.+-]{1,64}:[^\s"'<>@/]{1,256}@(?!sha256:)(?=[\w[])/g, `${redactedMark}@`],
  // Kubernetes' bootstrap tokens, and what issuers mark: AWS, Google, GitHub, GitLab, Slack, Stripe, npm, PyPI, Docker, Vault, …
  [/\b[a-z0-9]{6}\.(?=[a-z]*\d)[a-z0-9]{16}\b/g, redactedMark],
  [/\b(?:A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|ASIA)[0-9A-Z]{16}\b/g, redactedMark],
  [/\b(?:AIza|ya29\.|1\/\/0)[\w-]{20,}/g, redactedMark],
  [
    /\b(?:gh[pousr]|github_pat|npm|dckr_pat|dckr_oat|dop_v1|hf|(?:sk|pk|rk)_(?:live|test))_\w{16,}/g,
    redactedMark,
  ],
  [/\b(?:glpat|gldt|glrt|pypi|sk|xapp|xox[abeprs])-[\w-]{10,}/g, redactedMark],
  [/\b(?:hv[sbr]\.|s\.(?=\w{0,22}[A-Z])|SG\.|AGE-SECRET-KEY-1)[\w.-]{20,}/g, redactedMark],
  [/(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[^\s"']+/g, `$1${redactedMark}`],
];

const words = [
  ...[
    'passw(?:or)?ds?',
    'passphrases?',
    'secrets?',
    'tokens?',
    'credentials?',
    'signatures?',
    'jwks?',
    'bearer',
  ],
  ...[
    'authorization',
    'cookies?',
    'private',
    'sessions?(?:[-_]?(?:id|key))?',
    '(?:account|shared)[-_]?keys?',
  ],
  ...[
    '(?:api|access|auth|private|client|secret|signing|encryption|master|license)[-_]?keys?(?:[-_]?(?:data|id))?',
  ],
];
/** Words that are parts of others, such as of "bypass". */
const wholeWords = ['pass', 'pwd', 'pw', 'auth', 'sig', 'sid', 'otp', 'psk', 'apikey', 'user[-_]?info'];
const secretName = new RegExp(
  `(?:${words.join('|')}|(?:^|[-_.])(?:${wholeWords.join('|')}))(?:[-_.]?(?:value|data|string|base64|b64))?$`,
  'i',
);
/** Values that mean an absent value, and the names of Istio's own Secrets. */
const notSecret =
  /^(?:true|false|null|nil|<nil>|none|\[redacted\].*|[a-z0-9.-]+\/(?:cacerts|istio-ca-secret|istiod-tls|istio-remote-secret-[a-z0-9.-]+))$/;

/** A line without recognisable credentials and the values of names such as `password`. */
const redactLine = (line: string): string =>
  withoutNamedValues(forms.reduce((each, [pattern, by]) => each.replace(pattern, by), line));

/** `name=`, `name: `, `"name":`, `'name', ` (as Envoy prints headers), also within a JSON text that is escaped. */
const valueName = /([\w.-]{1,64})(?:\\*["']?\]?\s{0,4}(?::=|=>|[:=])\s{0,4}|\\*["'],\s?)/g;
/** A quoted text up to its end, or a word. */
const namedValue = /(\\*["'])(.*?)((?<!\\)\1|$)|[^\s"'][^\s"]*/y;

function withoutNamedValues(line: string): string {
  let [clean, done] = ['', 0];
  for (const { 0: whole, 1: name = '', index } of line.matchAll(valueName)) {
    if (index < done || !secretName.test(name)) continue;
    const start = index + whole.length;
    namedValue.lastIndex = start;
    const [value = '', open = '', quoted = value, close = ''] = namedValue.exec(line) ?? [];
    if (quoted === '' || notSecret.test(quoted)) continue;
    clean += `${line.slice(done, start)}${open}${redactedMark}${close}`;
    done = start + value.length;
  }
  return clean + line.slice(done);
}

/**
 * A text without the secrets that can be recognised in it: private keys in PEM, tokens that are JWTs or of known issuers,
 * authorization headers and cookies, values named like a password or key, user information in URLs. It is the second line of
 * defence: what {@link kept} does not keep does not get as far as here.
 */
export const redactText = (text: string): string => byLine(text, redactLine);

function byLine(text: string, redactOne: (line: string) => string): string {
  const lines: string[] = [];
  for (const line of text.replace(privateKeys, redactedMark).split('\n')) {
    if (endOfKey.test(line)) {
      // A log may begin in the middle of a key: the lines of base64 before an END that has no BEGIN.
      while (/[A-Za-z0-9+/=]{20,}\s*$/.test(lines.at(-1) ?? '')) lines.pop();
      lines.push(redactedMark);
    } else lines.push(redactOne(line));
  }
  return lines.join('\n');
}

/** The query of a URL or path, with characters that JSON escapes. */
const query = /(?<=[^\s"'?])\?(?:[^\s"\\]|\\(?!["n]))+/g;

/** A URL without its user information and query. */
export const withoutQuery = (url: string): string => redactText(url).replace(query, `?${redactedMark}`);

/**
 * A log without what {@link redactText} takes out, without the queries of URLs and requests, and without random words: words
 * of 20 or more characters of base64 with capitals, small letters and digits, and of 32 or more small letters and digits, in
 * which at least one character in three is of another class than the one before. Names of pods, UIDs and digests that begin with
 * `sha256:` remain: between their hyphens they have fewer characters.
 */
export const redactLog = (text: string): string =>
  byLine(text, (line) =>
    redactLine(line)
      .replace(query, `?${redactedMark}`)
      .replace(longWord, (word, at: number, all: string) =>
        isRandom(word) && all.slice(at - 7, at) !== 'sha256:' ? redactedMark : word,
      ),
  );

const longWord = /[A-Za-z0-9+/_-]{20,}={0,2}/g;
/** As in "networking.istio.io/v1alpha3/EnvoyFilter". */
const apiVersion = /\/v\d+(?:(?:alpha|beta)\d+)?(?:\/|$)/;
const classes = [/[a-z]/, /[A-Z]/, /[0-9]/];

function isRandom(word: string): boolean {
  const [small, capital, digit] = classes.map((one) => one.test(word));
  if (!digit || !small || apiVersion.test(word)) return false;
  return capital
    ? changesOften(word)
    : word.split(/[^a-z0-9]/).some((part) => part.length >= 32 && changesOften(part));
}

function changesOften(word: string): boolean {
  const kinds = [...word].map((character) => classes.findIndex((one) => one.test(character)));
  return kinds.filter((kind, i) => i > 0 && kind !== kinds[i - 1]).length >= word.length / 3;
}

/** A copy of anything JSON with {@link redactText} applied to every string and name; the same text is looked at once. */
export function redacted<T>(value: T): T {
  const known = new Map<string, string>();
  const clean = (text: string): string => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const after = redactText(text);
    known.set(text, after);
    return after;
  };
  const copy = (each: unknown): unknown => {
    if (typeof each === 'string') return clean(each);
    if (Array.isArray(each)) return each.map(copy);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [clean(name), copy(inner)]));
  };
  return copy(value) as T;
}
