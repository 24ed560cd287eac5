import { certificate } from '../../snapshot/sample/sample.ts';
import { itemOf } from '../broken-sample.ts';
import { settingsOf, type Mesh, type Spelling } from './mesh.ts';

/** Adds a certificate authority to a snapshot. */
function authority({ snapshot }: Mesh, name: string, signer?: string): string {
  const made = certificate(name, {
    ...{
      subject: `CN=${name}`,
      issuer: `CN=${signer ?? name}`,
      isCa: true,
      selfSigned: signer === undefined,
    },
    ...{ notBefore: '2026-01-01T00:00:00Z', notAfter: '2036-01-01T00:00:00Z' },
    authorityKeyId: `key-${signer ?? name}`,
    ...(signer === undefined
      ? {}
      : { signedBy: [itemOf(snapshot.certificates, (one) => one.subject === `CN=${signer}`).fingerprint] }),
  });
  if (signer === undefined) made.signedBy = [made.fingerprint];
  snapshot.certificates.push(made);
  return made.fingerprint;
}

/** Every proxy shows a certificate of an authority that a chain leads to, and holds roots. */
function issue(mesh: Mesh, signerOf: (cluster: string) => { chain: string[]; roots: string[] }): void {
  const chains = new Map<string, string[]>();
  for (const cluster of mesh.clusters) {
    const { chain, roots } = signerOf(cluster.name);
    for (const proxy of cluster.proxies) {
      proxy.roots = roots;
      const leaf = mesh.snapshot.certificates.find((one) => one.fingerprint === proxy.certificate[0]);
      if (!leaf) continue;
      const signer = itemOf(mesh.snapshot.certificates, (one) => one.fingerprint === chain[0]);
      Object.assign(leaf, {
        issuer: signer.subject,
        authorityKeyId: signer.subjectKeyId,
        signedBy: [signer.fingerprint],
      });
      proxy.certificate = [leaf.fingerprint, ...chain];
      if (proxy.type === 'sidecar') chains.set(cluster.name, proxy.certificate);
    }
  }
  for (const { probes } of mesh.clusters)
    for (const probe of probes)
      if (probe.target === 'eastWestGateway' && probe.chain.length > 0)
        probe.chain = chains.get(probe.cluster) ?? [];
}

/** Each istiod has its own authority that nothing uses, except for its own certificate. */
function unusedAuthorities(mesh: Mesh): void {
  for (const cluster of mesh.clusters) {
    const own = authority(mesh, `istiod-${cluster.name}`);
    const secret = {
      ...itemOf(cluster.authorities),
      ...{
        secret: 'istio-ca-secret',
        keys: ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'],
      },
      ...{ certificate: [own], chain: [], roots: [own], keyFits: true, problems: [] },
    };
    cluster.authorities = [secret];
    for (const map of cluster.roots) map.roots = [own];
  }
}

/** Which authority signs the certificates of workloads. */
export const authoritySpellings: readonly Spelling[] = [
  { id: 'cacerts', apply: () => undefined },
  {
    id: 'cacerts-of-cert-manager',
    apply: ({ clusters }) => {
      for (const { authorities } of clusters)
        for (const one of authorities) one.keys = ['ca.crt', 'tls.crt', 'tls.key'];
    },
  },
  {
    id: 'two-roots-in-each-cluster',
    apply: (mesh) => {
      const next = authority(mesh, 'next-root');
      for (const cluster of mesh.clusters) {
        for (const one of [...cluster.authorities, ...cluster.roots, ...cluster.proxies])
          one.roots = [...one.roots, next];
      }
    },
  },
  {
    id: 'own-roots-that-all-trust',
    apply: (mesh) => {
      const rootOf = new Map(mesh.clusters.map(({ name }) => [name, authority(mesh, `own-${name}`)]));
      const roots = [...rootOf.values()];
      for (const cluster of mesh.clusters) {
        const own = [rootOf.get(cluster.name) ?? ''];
        const secret = { secret: 'istio-ca-secret', certificate: own, chain: [], roots: own };
        cluster.authorities = [
          { ...itemOf(cluster.authorities), ...secret, keys: ['ca-cert.pem', 'ca-key.pem', 'root-cert.pem'] },
        ];
        for (const map of cluster.roots) map.roots = own;
        for (const settings of settingsOf(cluster)) settings.caCertificates = roots;
        for (const install of cluster.installs) install.env['ISTIO_MULTIROOT_MESH'] = 'true';
        for (const settings of settingsOf(cluster))
          settings.proxyMetadata = { PROXY_CONFIG_XDS_AGENT: 'true' };
      }
      issue(mesh, (name) => ({ chain: [rootOf.get(name) ?? ''], roots }));
    },
  },
  {
    id: 'spire',
    apply: (mesh) => {
      unusedAuthorities(mesh);
      const root = authority(mesh, 'spire');
      const servers = new Map(
        mesh.clusters.map(({ name }) => [name, authority(mesh, `spire-${name}`, 'spire')]),
      );
      issue(mesh, (name) => ({ chain: [servers.get(name) ?? ''], roots: [root] }));
    },
  },
  {
    id: 'registration-authority',
    apply: (mesh) => {
      unusedAuthorities(mesh);
      const root = authority(mesh, 'kubernetes-signer');
      for (const { installs } of mesh.clusters)
        for (const { env } of installs)
          Object.assign(env, {
            EXTERNAL_CA: 'ISTIOD_RA_KUBERNETES_API',
            PILOT_CERT_PROVIDER: 'k8s.io/clusterissuers.cert-manager.io/mesh',
          });
      issue(mesh, () => ({ chain: [root], roots: [root] }));
    },
  },
];
