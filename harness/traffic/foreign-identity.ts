import 'reflect-metadata'; // must load before @peculiar/x509
import { KeyObject, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** The certificate chain and the key of a TLS client, in PEM. */
export interface ClientIdentity {
  cert: string;
  key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hourMs = 3_600_000;

/**
 * Issues a correct workload certificate for `spiffeId` from a root that the mesh does not trust: the certificate of an
 * attacker who can issue certificates, but not those of this mesh. It is valid from an hour ago, for two hours.
 */
export async function foreignIdentity(spiffeId: string): Promise<ClientIdentity> {
  const [root, leaf] = [await makeKeys(), await makeKeys()];
  const valid = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) };
  const signed = { ...valid, issuer: 'O=stranger, CN=stranger root', signingKey: root.privateKey };
  const authority = await X509CertificateGenerator.create(
    {
      ...signed,
      serialNumber: '01',
      subject: signed.issuer,
      publicKey: root.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  const workload = await X509CertificateGenerator.create(
    {
      ...signed,
      serialNumber: '02',
      publicKey: leaf.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
        new SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }], true),
      ],
    },
    webcrypto,
  );
  const key = KeyObject.from(leaf.privateKey).export({ format: 'pem', type: 'pkcs8' }).toString();
  return { cert: `${workload.toString('pem')}\n${authority.toString('pem')}\n`, key };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}
