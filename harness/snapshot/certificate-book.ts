import 'reflect-metadata'; // @peculiar/x509 asks for it to be loaded first
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate as ParsedCertificate } from '@peculiar/x509';
import {
  AuthorityKeyIdentifierExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509';
import type { Certificate } from './schema.ts';

const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The contents of a text of PEM blocks. */
export interface ReadPems {
  /** Fingerprints in their order. */
  chain: string[];
  /** The reasons that blocks were skipped, without quotations. */
  problems: string[];
}

/** Every certificate that is seen while a snapshot is taken, once, by its fingerprint. Keys are passed over. */
export class CertificateBook {
  readonly #known = new Map<string, { record: Certificate; x509: X509Certificate }>();

  /** Notes the certificates of a PEM text. Does not throw: what cannot be parsed is a problem in words. */
  read(text: string | undefined, of = 'entry'): ReadPems {
    const blocks = text?.match(pemBlock) ?? [];
    const problems: string[] = [];
    if (text !== undefined && text.trim() !== '' && blocks.length === 0)
      problems.push(`${of} holds no PEM certificate`);
    const chain = blocks.flatMap((pem, index) => {
      try {
        return [this.#note(pem)];
      } catch (error) {
        problems.push(`${of}: certificate ${index + 1} cannot be parsed (${(error as Error).name})`);
        return [];
      }
    });
    return { chain, problems };
  }

  /** Whether a private key (PEM) belongs to a certificate of the book; undefined if that cannot be determined. */
  keyFits(fingerprint: string | undefined, key: string | undefined): boolean | undefined {
    const certificate = this.#known.get(fingerprint ?? '');
    if (!certificate || key === undefined || key.trim() === '') return undefined;
    try {
      return certificate.x509.checkPrivateKey(createPrivateKey(key));
    } catch {
      return undefined; // encrypted, or no key: its words could quote it
    }
  }

  /** All of them, each with those of the others that signed it. */
  certificates(): Certificate[] {
    const all = [...this.#known.values()];
    const bySubject = Map.groupBy(all, ({ x509 }) => x509.subject);
    return all.map(({ record, x509 }) => {
      const signers = (bySubject.get(x509.issuer) ?? []).filter(
        (other) => other.record.fingerprint !== record.fingerprint && verifies(x509, other.x509),
      );
      return { ...record, signedBy: signers.map((other) => other.record.fingerprint) };
    });
  }

  #note(pem: string): string {
    const x509 = new X509Certificate(pem);
    const fingerprint = x509.fingerprint256.replaceAll(':', '').toLowerCase();
    if (!this.#known.has(fingerprint))
      this.#known.set(fingerprint, { record: describe(x509, fingerprint), x509 });
    return fingerprint;
  }
}

function verifies(certificate: X509Certificate, by: X509Certificate): boolean {
  try {
    return certificate.verify(by.publicKey);
  } catch {
    return false; // a key of another kind than the signature
  }
}

function describe(x509: X509Certificate, fingerprint: string): Certificate {
  const parsed = new ParsedCertificate(x509.raw);
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const constraints = parsed.getExtension(BasicConstraintsExtension);
  const subjectKeyId = parsed.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  const authorityKeyId = parsed.getExtension(AuthorityKeyIdentifierExtension)?.keyId;
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey;
  const size = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyDetails?.modulusLength ?? '';
  return {
    fingerprint,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    serial: x509.serialNumber.toLowerCase(),
    ...(subjectKeyId === undefined ? {} : { subjectKeyId: subjectKeyId.toLowerCase() }),
    ...(authorityKeyId === undefined ? {} : { authorityKeyId: authorityKeyId.toLowerCase() }),
    notBefore: parsed.notBefore.toISOString(),
    notAfter: parsed.notAfter.toISOString(),
    isCa: x509.ca,
    ...(constraints?.pathLength === undefined ? {} : { pathLength: constraints.pathLength }),
    uris: names.filter(({ type }) => type === 'url').map(({ value }) => value),
    dnsNames: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
    keyType: `${asymmetricKeyType ?? 'unknown'} ${size}`.trim(),
    signatureAlgorithm: algorithmOf(parsed),
    selfSigned: x509.subject === x509.issuer && verifies(x509, x509),
    signedBy: [],
    pem: x509.toString(),
  };
}

const oneLine = (name: string | undefined) => (name ?? '').replaceAll('\n', ', ');

function algorithmOf({ signatureAlgorithm }: ParsedCertificate): string {
  const { name, hash } = signatureAlgorithm as { name: string; hash?: { name?: string } };
  return `${name} ${hash?.name ?? ''}`.trim();
}
