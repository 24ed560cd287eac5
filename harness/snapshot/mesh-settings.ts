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
    .array(z.object({ pem: z.string().optional() }))
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
    .object({ meshId: text, discoveryAddress: text, holdApplicationUntilProxyStarts: flag })
    .optional()
    .catch(undefined),
  extensionProviders: z
    .array(z.object({ name: z.string().default('') }))
    .optional()
    .catch(undefined),
});

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
    clusterLocalHosts: (mesh.serviceSettings ?? [])
      .filter(({ settings }) => settings?.clusterLocal)
      .flatMap(({ hosts }) => hosts),
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
