import { z } from 'zod';
import type { CertificateBook } from './certificate-book.ts';
import { given, selectorRecord } from './kubernetes-records.ts';
import type { MeshSettings } from './schema.ts';

const texts = z.array(z.string()).optional().catch(undefined);
const text = z.string().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);

/** MeshConfig, as far as it is kept; a field of another shape counts as absent, as an istiod would not take it either. */
const meshConfig = z.object({
  trustDomain: text,
  trustDomainAliases: texts,
  rootNamespace: text,
  enableAutoMtls: flag,
  discoverySelectors: z
    .array(
      z.object({
        matchLabels: z.record(z.string(), z.string()).optional(),
        matchExpressions: z
          .array(z.object({ key: z.string(), operator: z.string(), values: z.array(z.string()).optional() }))
          .optional(),
      }),
    )
    .optional()
    .catch(undefined),
  outboundTrafficPolicy: z.object({ mode: text }).optional().catch(undefined),
  localityLbSetting: z
    .object({
      enabled: flag,
      distribute: z
        .array(z.object({ from: z.string().default(''), to: z.record(z.string(), z.number()).default({}) }))
        .optional()
        .catch(undefined),
      failover: z
        .array(z.object({ from: z.string().default(''), to: z.string().default('') }))
        .optional()
        .catch(undefined),
      failoverPriority: texts,
    })
    .nullish()
    .catch(undefined),
  zoneAwareLbSetting: z.object({}).nullish().catch(undefined),
  defaultTrafficPolicy: z
    .object({ outlierDetection: z.object({}).nullish() })
    .nullish()
    .catch(undefined),
  pathNormalization: z.object({ normalization: text }).optional().catch(undefined),
  meshMTLS: z.object({ minProtocolVersion: text }).optional().catch(undefined),
  caCertificates: z
    .array(
      z.object({
        pem: z.string().optional(),
        spiffeBundleUrl: text,
        certSigners: texts,
        trustDomains: texts,
      }),
    )
    .optional()
    .catch(undefined),
  serviceSettings: z
    .array(
      z.object({
        settings: z.object({ clusterLocal: flag }).optional(),
        hosts: z.array(z.string()).default([]),
      }),
    )
    .optional()
    .catch(undefined),
  defaultServiceExportTo: texts,
  defaultDestinationRuleExportTo: texts,
  defaultVirtualServiceExportTo: texts,
  defaultConfig: z
    .object({
      meshId: text,
      discoveryAddress: text,
      holdApplicationUntilProxyStarts: flag,
      proxyMetadata: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  extensionProviders: z
    .array(z.object({ name: z.string().default('') }))
    .optional()
    .catch(undefined),
});

/** The entries of proxyMetadata that decide between clusters. Other entries are not kept: they may hold anything. */
const keptEntries = new Set([
  ...[
    'ISTIO_META_DNS_CAPTURE',
    'ISTIO_META_DNS_AUTO_ALLOCATE',
    'ISTIO_META_ENABLE_HBONE',
    'ISTIO_META_NETWORK',
  ],
  ...['ISTIO_META_REQUESTED_NETWORK_VIEW', 'ISTIO_META_CLUSTER_ID', 'ISTIO_META_MESH_ID', 'ISTIO_DELTA_XDS'],
  ...['PROXY_CONFIG_XDS_AGENT', 'ISTIO_DUAL_STACK', 'FILE_MOUNTED_CERTS', 'CA_PROVIDER', 'TRUST_DOMAIN'],
]);

function keptMetadata(entries: Readonly<Record<string, unknown>>): Record<string, string> {
  const kept = Object.entries(entries).filter(
    ([key, value]) => keptEntries.has(key) && typeof value !== 'object',
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, String(value)]));
}

type CaCertificate = NonNullable<z.infer<typeof meshConfig>['caCertificates']>[number];

/** An entry of caCertificates: its roots by fingerprint. The URL of a bundle may contain a credential, so it is a flag. */
function authorityOf(
  { pem, spiffeBundleUrl, certSigners, trustDomains }: CaCertificate,
  book: CertificateBook,
): NonNullable<MeshSettings['caTrustDomains']>[number] {
  return {
    roots: book.read(pem).chain,
    trustDomains: trustDomains ?? [],
    certSigners: certSigners ?? [],
    bundleUrl: (spiffeBundleUrl ?? '') !== '',
  };
}

/**
 * The parts of a MeshConfig that are kept, from the ConfigMap's YAML or istiod's `/debug/mesh`, parsed already.
 *
 * @throws ZodError if it is not an object.
 */
export function settingsOf(value: unknown, book: CertificateBook): MeshSettings {
  const mesh = meshConfig.parse(value ?? {});
  const { localityLbSetting: locality, defaultConfig } = mesh;
  return {
    ...given('trustDomain', mesh.trustDomain),
    trustDomainAliases: mesh.trustDomainAliases ?? [],
    ...given('rootNamespace', mesh.rootNamespace),
    ...given('meshId', defaultConfig?.meshId),
    discoverySelectors: (mesh.discoverySelectors ?? []).map((one) => selectorRecord(one as never)),
    ...given('outboundTrafficPolicy', mesh.outboundTrafficPolicy?.mode),
    ...given('enableAutoMtls', mesh.enableAutoMtls),
    ...given(
      'localityLb',
      locality && {
        ...given('enabled', locality.enabled),
        distribute: locality.distribute ?? [],
        failover: locality.failover ?? [],
        failoverPriority: locality.failoverPriority ?? [],
      },
    ),
    ...given('zoneAwareLb', mesh.zoneAwareLbSetting ? true : undefined),
    ...given('defaultOutlierDetection', mesh.defaultTrafficPolicy?.outlierDetection ? true : undefined),
    ...given('pathNormalization', mesh.pathNormalization?.normalization),
    ...given('minTlsVersion', mesh.meshMTLS?.minProtocolVersion),
    caCertificates: (mesh.caCertificates ?? []).flatMap(({ pem }) => book.read(pem).chain),
    caTrustDomains: (mesh.caCertificates ?? []).map((one) => authorityOf(one, book)),
    clusterLocalHosts: (mesh.serviceSettings ?? [])
      .filter(({ settings }) => settings?.clusterLocal)
      .flatMap(({ hosts }) => hosts),
    serviceSettings: (mesh.serviceSettings ?? []).map(({ hosts, settings }) => ({
      hosts,
      clusterLocal: settings?.clusterLocal ?? false,
    })),
    ...given('proxyMetadata', defaultConfig?.proxyMetadata && keptMetadata(defaultConfig.proxyMetadata)),
    defaultExportTo: {
      ...given('service', mesh.defaultServiceExportTo),
      ...given('destinationRule', mesh.defaultDestinationRuleExportTo),
      ...given('virtualService', mesh.defaultVirtualServiceExportTo),
    },
    ...given('discoveryAddress', defaultConfig?.discoveryAddress),
    ...given('holdApplicationUntilProxyStarts', defaultConfig?.holdApplicationUntilProxyStarts),
    providers: (mesh.extensionProviders ?? []).map(({ name }) => name),
  };
}
