import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { credentials, logLines, places } from './planted-places.ts';

/** Of a workload, as PEM. */
export const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const jwtOf = (claims: object) =>
  [{ alg: 'RS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.') + `.${'s1gnAturE-oF_a-toKen'.repeat(12)}`;
/** Of a service account. */
export const token = jwtOf({ sub: 'system:serviceaccount:istio-system:reader', exp: 1_800_000_000 });
/** Known by its place alone: nothing about it looks like a secret. */
export const opaque = 'plain-words-nobody-would-take-for-a-password';
/** As in the data of a Secret. */
export const encode = (text: string) => Buffer.from(text).toString('base64');
/** One of each, in a text. */
export const all = `${key}\n${token}\n${opaque}`;

/** Every secret that was planted, once. */
export const secrets: string[] = [key, token, opaque, ...credentials];

/** A secret without digits or signs, so that only its place tells that it is one. */
function newSecret(): string {
  const letters = [...String(secrets.length).padStart(3, '0')].map((digit) =>
    'bcdfghklmn'.charAt(Number(digit)),
  );
  const secret = `velvet-${letters.join('')}-harbour`;
  secrets.push(secret);
  return secret;
}

type Fields = Record<string, unknown>;

/** A copy of an object with a different secret in each of the {@link places} of a kind. */
export function planted<T extends object>(kind: keyof typeof places, base: T): T {
  const object = structuredClone(base) as Fields;
  for (const place of places[kind].split(/\s+/).filter((one) => one !== '')) plant(object, place.split('.'));
  return object as T;
}

function plant(table: Fields, [part = '', ...rest]: string[]): void {
  const [, field = '', element] = /^(.+?)(\[\+?\])?$/.exec(part) ?? [];
  const name = field === '*' ? newSecret() : field;
  const leaf = rest.length === 0;
  if (element === undefined) {
    if (leaf) table[name] = newSecret();
    else plant((table[name] ??= {}) as Fields, rest);
    return;
  }
  const list = (table[name] ??= []) as unknown[];
  if (leaf) return void list.push(newSecret());
  if (element === '[+]' || list.length === 0) list.push({});
  plant((element === '[+]' ? list.at(-1) : list[0]) as Fields, rest);
}

/** A log with a secret in every form; some without a name. */
export const plantedLog = [
  'line',
  ...logLines.map((line) => line.replace('§', newSecret)),
  ...credentials.map((credential) => `found ${credential} there`),
  `key ${key}`,
  `token ${token}`,
  ...key.split('\n').map((line) => `2026-11-01T12:00:00Z ${line}`),
  'last line',
].join('\n');

/** By which a secret is found: itself, or the parts of a long one; plain, and in base64. */
const tracesOf = (secret: string) =>
  secret.length < 60
    ? [secret, encode(secret)]
    : [...secret.split('\n').filter(({ length }) => length >= 60), encode(secret).slice(80, 140)].flatMap(
        (part) => (part === token ? [part.slice(0, 60), token.split('.')[2] ?? ''] : part),
      );

/** The secrets that are in a text. */
export const found = (text: string): string[] =>
  secrets.filter((secret) => tracesOf(secret).some((trace) => text.includes(trace)));

/** Fails if one of them is in a text. */
export const expectClean = (text: string, where: string): void => assert.deepEqual(found(text), [], where);
