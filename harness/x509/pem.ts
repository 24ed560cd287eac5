import { X509Certificate } from 'node:crypto';

/** Splits a PEM bundle into certificates. Throws the error of node:crypto for an invalid certificate. */
export function certificatesOf(bundle: string): X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((pem) => new X509Certificate(pem));
}

/** The SHA-256 of the first certificate of a PEM text, by which it is told from others; '' for none. */
export const fingerprintOf = (pem: string): string => certificatesOf(pem)[0]?.fingerprint256 ?? '';

/** A fingerprint as messages show it: the first four bytes. */
export const short = (fingerprint: string): string => fingerprint.slice(0, 11);

/** The issuing authority in a chain as it was shown in a handshake: the second certificate of it; '' for none. */
export const issuerIn = (chain: readonly string[]): string => fingerprintOf(chain[1] ?? '');
