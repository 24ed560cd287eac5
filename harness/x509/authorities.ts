import 'reflect-metadata'; // @peculiar/x509 asks for it, before itself
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Topology } from '../config/topology.ts';

export type KeyType = Topology['trust']['root']['key'];

/** A certificate authority, in PEM. */
export interface Authority {
  certificate: string;
  /** PKCS#1 or SEC1, the forms that openssl genrsa and ecparam give and every istiod reads. */
  key: string;
}

/** The certificate authorities of a mesh: one root, and one intermediate for each cluster. */
export interface Authorities {
  root: Authority;
  intermediates: Record<string, Authority>;
}

const algorithms: Record<KeyType, webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams> = {
  'ecdsa-p256': { name: 'ECDSA', namedCurve: 'P-256' },
  'ecdsa-p384': { name: 'ECDSA', namedCurve: 'P-384' },
  'rsa-2048': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  'rsa-4096': {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 4096,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
};
const signing = (key: KeyType) =>
  key.startsWith('ecdsa')
    ? { name: 'ECDSA', hash: key === 'ecdsa-p384' ? 'SHA-384' : 'SHA-256' }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

const dayMs = 86_400_000;
/** Certificates are valid from an hour ago: the clocks of a cluster's nodes may lag behind ours. */
const backdateMs = 3_600_000;

interface IssuedAuthority extends Authority {
  keys: webcrypto.CryptoKeyPair;
  x509: X509Certificate;
  keyType: KeyType;
}

async function exportKey(keys: webcrypto.CryptoKeyPair, type: KeyType): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: type.startsWith('ecdsa') ? 'sec1' : 'pkcs1' }).toString();
}

/** Issues a CA certificate: self-signed without an issuer. `pathLength` 0 may sign workloads only. */
async function issue(
  name: string,
  type: KeyType,
  days: number,
  issuer?: IssuedAuthority,
  notBefore = new Date(Date.now() - backdateMs),
): Promise<IssuedAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithms[type], true, ['sign', 'verify']);
  const x509 = await X509CertificateGenerator.create(
    {
      serialNumber: randomBytes(16)
        .toString('hex')
        .replace(/^[89a-f]/, '7'), // positive
      subject: `O=meshproof, CN=${name}`,
      issuer: issuer?.x509.subject ?? `O=meshproof, CN=${name}`,
      notBefore,
      notAfter: new Date(notBefore.getTime() + days * dayMs),
      publicKey: keys.publicKey,
      signingKey: (issuer?.keys ?? keys).privateKey,
      signingAlgorithm: signing(issuer?.keyType ?? type),
      extensions: [
        new BasicConstraintsExtension(true, issuer ? 0 : undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create((issuer?.keys ?? keys).publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return {
    keys,
    x509,
    keyType: type,
    certificate: `${x509.toString('pem')}\n`,
    key: await exportKey(keys, type),
  };
}

/** An authority that was kept, as a signer again. */
async function reopen({ certificate, key }: Authority, keyType: KeyType): Promise<IssuedAuthority> {
  const der = createPrivateKey(key).export({ format: 'der', type: 'pkcs8' });
  const x509 = new X509Certificate(certificate);
  const algorithm = { ...algorithms[keyType], ...signing(keyType) };
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
  const exported: unknown = await x509.publicKey.export(algorithm, ['verify'], webcrypto);
  const publicKey = exported as webcrypto.CryptoKey;
  return { certificate, key, keyType, x509, keys: { privateKey, publicKey } };
}

/**
 * Makes the authorities that a topology declares. With `kept`, its root signs, and only clusters without an intermediate
 * get a new one.
 */
export async function issueAuthorities(
  topology: Pick<Topology, 'trust' | 'meshId' | 'clusters'>,
  kept?: Authorities,
): Promise<Authorities> {
  const { root: rootSpec, intermediate } = topology.trust;
  const root = kept
    ? await reopen(kept.root, rootSpec.key)
    : await issue(`${topology.meshId} root`, rootSpec.key, rootSpec.validDays);
  const intermediates: Record<string, Authority> = { ...kept?.intermediates };
  for (const { name } of topology.clusters.filter((cluster) => !intermediates[cluster.name])) {
    const issued = await issue(`${topology.meshId} ${name}`, intermediate.key, intermediate.validDays, root);
    intermediates[name] = { certificate: issued.certificate, key: issued.key };
  }
  return { root: { certificate: root.certificate, key: root.key }, intermediates };
}

/** A new root, or with `issuer` an intermediate for workloads; its key is of the kind `type`. Valid from `notBefore` on, default an hour ago. */
export async function issueAuthority(
  name: string,
  type: KeyType,
  days: number,
  issuer?: { authority: Authority; key: KeyType },
  notBefore?: Date,
): Promise<Authority> {
  const signer = issuer && (await reopen(issuer.authority, issuer.key));
  const { certificate, key } = await issue(name, type, days, signer, notBefore);
  return { certificate, key };
}

/** The data of a cluster's `cacerts` secret, as Istio's plug-in CA documentation names its keys. */
export function cacertsData(authorities: Authorities, cluster: string): Record<string, string> {
  const own = authorities.intermediates[cluster];
  if (!own) throw new Error(`Cluster ${cluster} does not have a certificate authority.`);
  return {
    'ca-cert.pem': own.certificate,
    'ca-key.pem': own.key,
    'root-cert.pem': authorities.root.certificate,
    'cert-chain.pem': own.certificate + authorities.root.certificate,
  };
}
