import { type Certificate, type DeclaredCluster, type Snapshot, snapshotVersion } from '../schema.ts';
import { sampleCluster } from './sample-cluster.ts';
import { at, sampleFingerprint, sampleTime } from './sample-names.ts';

/** The services of the sample and where they have pods, as the lab has them; of further clusters each has catalog and probe. */
function declaredServices(clusters: readonly string[]): Snapshot['declared']['services'] {
  const [first = '', second = first] = clusters;
  const everywhere = (count: number) => Object.fromEntries(clusters.map((name) => [name, count]));
  return [
    { name: 'webapp', pods: { [first]: 1 } },
    { name: 'catalog', pods: everywhere(2) },
    { name: 'inventory', pods: { [second]: 1 } },
    { name: 'orders', pods: { [first]: 1 } },
    { name: 'probe', pods: everywhere(1) },
  ];
}

function declaredCluster(name: string, index: number): DeclaredCluster {
  return {
    name,
    role: 'primary',
    network: `${name}-net`,
    region: `region-${name}`,
    zone: `zone-${name}-a`,
    ...(index === 0 ? { ingress: `http://172.30.${index}.2/` } : {}),
    eastWestGateway: {
      address: `172.30.${index}.2`,
      port: 15443,
      namespace: 'istio-system',
      deployment: 'istio-eastwestgateway',
    },
  };
}

/**
 * A healthy mesh for tests, as the lab is one: primaries, each on a network of its own, with one root and an
 * intermediate authority each. Every call gives a new object, which a test may break as it likes.
 *
 * @param clusters names, default `west` and `east`; the first has an ingress gateway.
 */
export function sampleSnapshot(clusters: readonly string[] = ['west', 'east']): Snapshot {
  const declared: Snapshot['declared'] = {
    meshId: 'meshproof',
    trustDomain: 'cluster.local',
    rootNamespace: 'istio-system',
    namespace: 'meshproof',
    isLab: true,
    clusters: clusters.map(declaredCluster),
    services: declaredServices(clusters),
  };
  return {
    apiVersion: snapshotVersion,
    kind: 'Snapshot',
    takenAt: sampleTime,
    tookMs: 1_500,
    meshproof: '0.2.0',
    limits: {
      proxiesPerService: 2,
      proxiesPerCluster: 20,
      upstreamsPerProxy: 2_000,
      shardsPerIstiod: 20_000,
      sourceMs: 4_000,
    },
    declared,
    certificates: [
      certificate('root', {
        subject: 'O=meshproof, CN=Root CA',
        issuer: 'O=meshproof, CN=Root CA',
        isCa: true,
        selfSigned: true,
        notBefore: at(-30),
        notAfter: at(3_650),
        signedBy: [],
      }),
      ...declared.clusters.flatMap(({ name }) => clusterCertificates(declared, name)),
    ],
    clusters: declared.clusters.map((_, index) => sampleCluster(declared, index)),
  };
}

function clusterCertificates(declared: Snapshot['declared'], cluster: string): Certificate[] {
  const authority = `ca-${cluster}`;
  const subject = `O=meshproof, CN=Intermediate CA, L=${cluster}`;
  const signed = {
    issuer: subject,
    signedBy: [sampleFingerprint(authority)],
    authorityKeyId: `key-${authority}`,
  };
  const services = declared.services.filter(({ pods }) => (pods[cluster] ?? 0) > 0).map(({ name }) => name);
  const identity = (namespace: string, account: string) =>
    `spiffe://${declared.trustDomain}/ns/${namespace}/sa/${account}`;
  const gateways = ['istio-eastwestgateway', 'istio-ingressgateway'].map((name) =>
    certificate(`${cluster}/${name}`, {
      ...signed,
      uris: [identity(declared.rootNamespace, `${name}-service-account`)],
    }),
  );
  return [
    certificate(authority, {
      subject,
      issuer: 'O=meshproof, CN=Root CA',
      isCa: true,
      pathLength: 0,
      notBefore: at(-30),
      notAfter: at(700),
      signedBy: [sampleFingerprint('root')],
      authorityKeyId: 'key-root',
    }),
    certificate(`api-${cluster}`, {
      subject: 'CN=kubernetes',
      issuer: 'CN=kubernetes',
      isCa: true,
      selfSigned: true,
      notBefore: at(-1),
      notAfter: at(3_650),
    }),
    certificate(`${cluster}/istiod`, { ...signed, dnsNames: [`istiod.${declared.rootNamespace}.svc`] }),
    ...services.map((name) =>
      certificate(`${cluster}/${name}`, { ...signed, uris: [identity(declared.namespace, name)] }),
    ),
    ...gateways,
  ];
}

/** A certificate as a test wants it: a workload's of a day unless told otherwise. `name` gives the fingerprint. */
export function certificate(name: string, over: Partial<Certificate> = {}): Certificate {
  return {
    fingerprint: sampleFingerprint(name),
    subject: '',
    issuer: '',
    serial: sampleFingerprint(`serial ${name}`).slice(0, 32),
    subjectKeyId: `key-${name}`,
    notBefore: at(-0.25),
    notAfter: at(0.75),
    isCa: false,
    uris: [],
    dnsNames: [],
    keyType: 'ec prime256v1',
    signatureAlgorithm: 'ecdsa-with-SHA256',
    selfSigned: false,
    signedBy: [],
    ...over,
  };
}
