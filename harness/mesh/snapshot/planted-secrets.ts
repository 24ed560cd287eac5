import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';

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

/** Everything by which one of the planted secrets could be told again. */
const traces = [
  ...key.split('\n').filter((line) => line.length === 64),
  ...[key, token, opaque].map((secret) => encode(secret).slice(80, 140) || encode(secret)),
  token.split('.')[2] ?? '',
  token.slice(0, 60),
  opaque,
].filter((trace) => trace !== '');

/** One of each, in a text. */
export const all = `${key}\n${token}\n${opaque}`;
/** Annotations that hold them. */
export const planted = {
  'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { key, token, opaque } }),
  [`example.com/${opaque}`]: all,
};
/** Fails where any of them is in a text. */
export function expectClean(text: string, where: string): void {
  for (const trace of traces) assert.ok(!text.includes(trace), `${where} holds ${trace.slice(0, 30)}…`);
}
