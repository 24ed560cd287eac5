import { z } from 'zod';
import { chain, labelSelector, moment, stringMap } from './shape-basics.ts';

/** The parts of MeshConfig that decide between clusters; absent fields were not set and have Istio's default. */
export const meshSettings = z.object({
  trustDomain: z.string().optional(),
  trustDomainAliases: z.array(z.string()),
  rootNamespace: z.string().optional(),
  meshId: z.string().optional().describe('defaultConfig.meshId.'),
  discoverySelectors: z
    .array(labelSelector)
    .describe('A namespace is looked at when one selects it; none: all namespaces are.'),
  outboundTrafficPolicy: z.string().optional().describe('ALLOW_ANY or REGISTRY_ONLY.'),
  enableAutoMtls: z.boolean().optional(),
  localityLb: z
    .object({
      enabled: z.boolean().optional(),
      distribute: z.array(z.object({ from: z.string(), to: z.record(z.string(), z.number()) })),
      failover: z.array(z.object({ from: z.string(), to: z.string() })),
      failoverPriority: z.array(z.string()),
    })
    .optional(),
  zoneAwareLb: z
    .boolean()
    .optional()
    .describe('zoneAwareLbSetting is set, which takes precedence over localityLbSetting.'),
  defaultOutlierDetection: z
    .boolean()
    .optional()
    .describe('defaultTrafficPolicy.outlierDetection is set: rules without outlier detection inherit it.'),
  pathNormalization: z.string().optional(),
  minTlsVersion: z.string().optional().describe('meshMTLS.minProtocolVersion.'),
  caCertificates: z.array(z.string()).describe('Fingerprints of extra roots (caCertificates).'),
  clusterLocalHosts: z
    .array(z.string())
    .describe('Hosts that serviceSettings keep inside their own cluster.'),
  serviceSettings: z
    .array(z.object({ hosts: z.array(z.string()), clusterLocal: z.boolean() }))
    .optional()
    .describe('The same with the exceptions; absent in snapshots of earlier versions.'),
  caTrustDomains: z
    .array(
      z.object({ roots: z.array(z.string()), trustDomains: z.array(z.string()), bundleUrl: z.boolean() }),
    )
    .optional()
    .describe(
      'caCertificates with the trust domains of each; empty trustDomains: the mesh. Absent in snapshots of earlier versions.',
    ),
  proxyMetadata: stringMap
    .optional()
    .describe(
      'Of defaultConfig.proxyMetadata the entries that a check reads, such as ISTIO_META_DNS_CAPTURE.',
    ),
  defaultExportTo: z
    .object({
      service: z.array(z.string()).optional(),
      destinationRule: z.array(z.string()).optional(),
      virtualService: z.array(z.string()).optional(),
    })
    .describe('Where services and rules are seen that do not say.'),
  discoveryAddress: z.string().optional().describe('defaultConfig.discoveryAddress.'),
  holdApplicationUntilProxyStarts: z.boolean().optional(),
  providers: z.array(z.string()).describe('Names of extension providers.'),
});

/** One revision of Istio's control plane as it is installed; a remote cluster has none with an istiod. */
export const install = z.object({
  revision: z.string().describe('"default" where none was named.'),
  namespace: z.string(),
  istiod: z.boolean().describe('It has a Deployment of istiod in this cluster.'),
  version: z.string().optional().describe("Tag of istiod's image."),
  images: z.array(z.string()).describe("istiod's images; several while it is rolled out."),
  clusterName: z.string().optional().describe("CLUSTER_ID of istiod, else the injector's values."),
  meshId: z.string().optional().describe("global.meshID of the injector's values."),
  network: z.string().optional().describe("global.network of the injector's values."),
  remotePilotAddress: z.string().optional().describe("global.remotePilotAddress of the injector's values."),
  pilotCertProvider: z.string().optional(),
  settings: meshSettings.optional().describe('ConfigMap istio (or istio-<revision>), key mesh.'),
  meshNetworks: z
    .record(z.string(), z.unknown())
    .describe('The same ConfigMap, key meshNetworks: networks by name.'),
  env: stringMap.describe(
    "Those of istiod's environment that decide between clusters; PILOT_… and the like.",
  ),
});

/** A certificate authority's secret or the roots of one namespace; certificates only. */
export const authority = z.object({
  namespace: z.string(),
  secret: z.string().describe('cacerts, istio-ca-secret, or istiod-tls.'),
  keys: z.array(z.string()).describe('Names of the entries that it has; never their values.'),
  createdAt: moment,
  certificate: chain.describe('ca-cert.pem (or tls.crt): the certificate that signs. Normally one.'),
  chain: chain.describe('cert-chain.pem.'),
  roots: chain.describe('root-cert.pem (or ca.crt).'),
  keyFits: z
    .boolean()
    .optional()
    .describe('Whether the private key belongs to the certificate; absent if that could not be determined.'),
  problems: z.array(z.string()).describe('What could not be parsed, in words.'),
});

export const rootConfigMap = z.object({
  namespace: z.string(),
  name: z.string().describe('istio-ca-root-cert, the roots that the workloads of the namespace are given.'),
  roots: chain,
});

/** One cluster in one remote secret. */
export const remoteSecret = z.object({
  namespace: z.string(),
  name: z.string(),
  labelled: z.boolean().describe('Has the label istio/multiCluster=true, without which istiod ignores it.'),
  createdAt: moment,
  annotatedCluster: z.string().optional().describe('Annotation networking.istio.io/cluster.'),
  cluster: z.string().describe('Key in its data: the name under which istiod registers the cluster.'),
  server: z.string().optional().describe('URL of the API server; absent without a kubeconfig.'),
  tlsServerName: z.string().optional(),
  skipsVerification: z.boolean().describe('insecure-skip-tls-verify.'),
  ca: z.array(z.string()).describe('Fingerprints of certificate-authority-data.'),
  credential: z.enum(['token', 'certificate', 'exec', 'authProvider', 'password', 'none']),
  token: z
    .object({
      subject: z.string().optional().describe('system:serviceaccount:<namespace>:<name>.'),
      issuer: z.string().optional(),
      audiences: z.array(z.string()),
      issuedAt: moment.optional(),
      notBefore: moment.optional(),
      expiresAt: moment.optional().describe('Absent: it does not expire by itself.'),
    })
    .optional()
    .describe('Claims of a token that is a JWT; never the token.'),
  clientCertificate: chain.optional(),
  files: z
    .array(z.string())
    .optional()
    .describe('Credentials that it takes from files of the machine that uses it, such as "tokenFile".'),
  problem: z
    .string()
    .optional()
    .describe('The reason that the kubeconfig is not usable, without a quotation.'),
});

/** The permissions of the account in a remote secret in the cluster that it reads, reviewed with its own credential. */
export const readerAccess = z.object({
  secret: z.string().describe('namespace/name of the remote secret in this cluster.'),
  reads: z.string().describe('The cluster that it reads.'),
  asked: z
    .string()
    .describe(
      "URL of the API server that was asked: the secret's own, or the mesh file's where that gave no answer.",
    ),
  namedServer: z
    .enum(['answered', 'unreachable', 'notTrusted', 'notAsked'])
    .describe(
      'What the server that the secret names did, as seen from where the snapshot was taken, not from istiod.',
    ),
  status: z
    .number()
    .optional()
    .describe('HTTP status of the first question: 201 accepted, 401 the credential is dead, 403 refused.'),
  may: z
    .record(z.string(), z.boolean())
    .describe('By "list services" and the like: whether it may, in the whole cluster.'),
  rules: z
    .array(
      z.object({
        namespaces: z.array(z.string()).describe('The namespaces in which the rule was listed.'),
        verbs: z.array(z.string()),
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
      }),
    )
    .optional()
    .describe('The rights of the account, each once; absent in snapshots of earlier versions.'),
  excess: z
    .array(z.string())
    .optional()
    .describe('Only in snapshots of earlier versions: rights beyond reading, such as "delete pods".'),
  rulesIncomplete: z.boolean().describe('The server did not list all rules, or a limit cut them.'),
});
