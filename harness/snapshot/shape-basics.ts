import { z } from 'zod';

/** A moment, as ISO 8601 in UTC. */
export const moment = z.string().describe('ISO 8601, UTC.');

/** Labels, a selector's matchLabels, or annotations that were kept. */
export const stringMap = z.record(z.string(), z.string());

/** References to certificates of the snapshot by their fingerprint, in the order in which they were found: leaf first. */
export const chain = z
  .array(z.string())
  .describe("SHA-256 fingerprints of certificates in the snapshot's `certificates`, as found: leaf first.");

/** A Kubernetes label selector; both parts empty selects everything. */
export const labelSelector = z.object({
  matchLabels: stringMap,
  matchExpressions: z.array(
    z.object({
      key: z.string(),
      operator: z.string().describe('In, NotIn, Exists or DoesNotExist.'),
      values: z.array(z.string()),
    }),
  ),
});

/** A place by region, zone and subzone; an empty string where it was not said. */
export const locality = z.object({ region: z.string(), zone: z.string(), subzone: z.string() });

/** A certificate that was seen anywhere in the mesh. Never with a key. */
export const certificate = z.object({
  fingerprint: z.string().describe('SHA-256 of the DER, lower-case hex without colons. Unique.'),
  subject: z
    .string()
    .describe('Distinguished name, parts joined by ", "; empty for workloads, whose name is a SAN.'),
  issuer: z.string().describe('Distinguished name of the issuer.'),
  serial: z.string().describe('Lower-case hex.'),
  subjectKeyId: z.string().optional().describe('Lower-case hex.'),
  authorityKeyId: z.string().optional().describe("Lower-case hex: the issuer's subjectKeyId."),
  notBefore: moment,
  notAfter: moment,
  isCa: z.boolean().describe('Basic constraints allow it to sign certificates.'),
  pathLength: z.number().optional().describe('Longest chain of authorities below it.'),
  uris: z.array(z.string()).describe('URIs among its SANs: SPIFFE ids.'),
  dnsNames: z.array(z.string()).describe('DNS names among its SANs.'),
  keyType: z.string().describe('Such as "ec prime256v1" or "rsa 2048".'),
  signatureAlgorithm: z.string().optional().describe('Such as "ecdsa-with-SHA256".'),
  selfSigned: z.boolean().describe('Its own key verifies its signature.'),
  signedBy: z
    .array(z.string())
    .describe("Fingerprints of the snapshot's other certificates whose key verifies its signature."),
  pem: z.string().optional().describe('Left out of generated snapshots.'),
});

/** Parts of a cluster's snapshot, by the name of their field; what could not be read is named by them. */
export const sources = [
  'apiServer',
  'clocks',
  'installs',
  'namespaces',
  'services',
  'pods',
  'workloads',
  'nodes',
  'serviceAccounts',
  'resources',
  'authorities',
  'roots',
  'webhooks',
  'remoteSecrets',
  'readerAccess',
  'istiods',
  'proxies',
  'probes',
] as const;

/** Something that could not be read, or was left out because of a limit. Its part of the snapshot proves no absence. */
export const missing = z.object({
  what: z.enum(sources).describe('The part of the cluster that is not complete.'),
  of: z
    .string()
    .optional()
    .describe('The object in it, such as a pod "namespace/name" or a kind; absent: the whole part.'),
  reason: z
    .enum(['forbidden', 'unreachable', 'timeout', 'limit', 'noWay', 'failed'])
    .describe(
      'forbidden: the account may not. unreachable, timeout: no answer. limit: there is more than is kept. noWay: what would be needed to look is not there. failed: anything else.',
    ),
  why: z.string().describe('What was tried and what came back.'),
});
