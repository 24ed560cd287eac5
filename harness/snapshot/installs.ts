import type { V1ConfigMap, V1Deployment, V1DeploymentSpec } from '@kubernetes/client-node';
import { parse } from 'yaml';
import type { CertificateBook } from './certificate-book.ts';
import type { Gaps } from './gaps.ts';
import { keptNetworks } from './kept-fields.ts';
import { kept, type Hash } from './kept.ts';
import { given } from './kubernetes-records.ts';
import { settingsOf } from './mesh-settings.ts';
import type { Install } from './schema.ts';
import { install } from './shape-istio.ts';

/** Settings of istiod that decide something between clusters; the rest of its environment stays behind. */
const keptSettings = new Set([
  'AUTO_RELOAD_PLUGIN_CERTS',
  'CERT_SIGNER_DOMAIN',
  'CITADEL_SELF_SIGNED_CA_CERT_TTL',
  'CLUSTER_ID',
  'COMPLIANCE_POLICY',
  'DEFAULT_WORKLOAD_CERT_TTL',
  'ENABLE_MULTICLUSTER_HEADLESS',
  'ENABLE_NATIVE_SIDECARS',
  'ENABLE_CA_SERVER',
  'ENABLE_CLUSTER_TRUST_BUNDLE_API',
  'ENABLE_ENHANCED_DESTINATIONRULE_MERGE',
  'ENABLE_GATEWAY_API_MANUAL_DEPLOYMENT',
  'ENABLE_LOCALITY_WEIGHTED_LB_CONFIG',
  'ENABLE_MCS_AUTO_EXPORT',
  'ENABLE_MCS_CLUSTER_LOCAL',
  'ENABLE_MCS_HOST',
  'ENABLE_MCS_SERVICE_DISCOVERY',
  'ENABLE_TLS_ON_SIDECAR_INGRESS',
  'EXTERNAL_CA',
  'EXTERNAL_ISTIOD',
  'INJECTION_WEBHOOK_CONFIG_NAME',
  'ISTIOD_CUSTOM_HOST',
  'ISTIO_DUAL_STACK',
  'ISTIO_ENABLE_IPV4_OUTBOUND_LISTENER_FOR_IPV6_CLUSTERS',
  'ISTIO_MULTIROOT_MESH',
  'ISTIO_WATCH_NAMESPACE',
  'K8S_SIGNER',
  'LOCAL_CLUSTER_SECRET_WATCHER',
  'MAX_WORKLOAD_CERT_TTL',
  'MCS_API_GROUP',
  'MCS_API_VERSION',
  'PILOT_ALLOW_SIDECAR_SERVICE_INBOUND_LISTENER_MERGE',
  'PILOT_AUTO_SEND_UNHEALTHY_ENDPOINTS',
  'PILOT_CA_CERT_CONFIGMAP',
  'PILOT_CERT_PROVIDER',
  'PILOT_DEBOUNCE_AFTER',
  'PILOT_DEBOUNCE_MAX',
  'PILOT_DRAINING_LABEL',
  'PILOT_ENABLE_ALPN_FILTER',
  'PILOT_ENABLE_AMBIENT',
  'PILOT_ENABLE_CROSS_CLUSTER_WORKLOAD_ENTRY',
  'PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES',
  'PILOT_ENABLE_GATEWAY_API',
  'PILOT_ENABLE_IP_AUTOALLOCATE',
  'PILOT_ENABLE_K8S_SELECT_WORKLOAD_ENTRIES',
  'PILOT_ENABLE_METADATA_EXCHANGE',
  'PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER',
  'PILOT_ENABLE_SERVICEENTRY_SELECT_PODS',
  'PILOT_ENABLE_STRICT_GATEWAY_MERGING',
  'PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION',
  'PILOT_ENABLE_XDS_IDENTITY_CHECK',
  'PILOT_FILTER_GATEWAY_CLUSTER_CONFIG',
  'PILOT_GATEWAY_API_CONTROLLER_NAME',
  'PILOT_HTTP10',
  'PILOT_IGNORE_RESOURCES',
  'PILOT_INCLUDE_RESOURCES',
  'PILOT_INSECURE_MULTICLUSTER_KUBECONFIG_OPTIONS',
  'PILOT_MULTICLUSTER_KUBECONFIG_PATH',
  'PILOT_MULTI_NETWORK_DISCOVER_GATEWAY_API',
  'PILOT_REMOTE_CLUSTER_TIMEOUT',
  'PILOT_SCOPE_GATEWAY_TO_NAMESPACE',
  'PILOT_SEND_UNHEALTHY_ENDPOINTS',
  'PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE',
  'PILOT_SKIP_VALIDATE_TRUST_DOMAIN',
  'PREFER_DESTINATIONRULE_TLS_FOR_EXTERNAL_SERVICES',
  'RESOLVE_HOSTNAME_GATEWAYS',
  'REVISION',
  'ROOT_CA_DIR',
  'SHARED_MESH_CONFIG',
  'TRUST_DOMAIN',
  'USE_CACERTS_FOR_SELF_SIGNED_CA',
  'USE_REMOTE_CERTS',
  'XDS_AUTH',
]);

/** The objects that show the installs. */
export interface InstallSources {
  deployments: readonly V1Deployment[];
  configMaps: readonly V1ConfigMap[];
  hash: Hash;
}

/** Whether a Deployment is an istiod. */
// A Deployment with an unexpected shape has no template. The workloads leave it out and note the gap.
const isIstiod = ({ spec }: V1Deployment) =>
  (spec as Partial<V1DeploymentSpec> | undefined)?.template?.metadata?.labels?.['app'] === 'istiod';

/**
 * The control planes of a cluster, one a revision: from the Deployments of istiod, and from the ConfigMaps of revisions that
 * have none here, as in a remote cluster.
 */
export function installsOf(sources: InstallSources, book: CertificateBook, gaps: Gaps): Install[] {
  const places = new Map<string, Place>();
  const place = (namespace: string, revision: string, deployment?: V1Deployment) =>
    places.set(`${namespace}/${revision}`, { namespace, revision, ...given('deployment', deployment) });
  for (const { metadata } of sources.configMaps) {
    const revision = /^istio-sidecar-injector(?:-(.+))?$/.exec(metadata?.name ?? '');
    if (revision) place(metadata?.namespace ?? '', revision[1] ?? 'default');
  }
  for (const deployment of sources.deployments.filter(isIstiod))
    place(deployment.metadata?.namespace ?? '', revisionOf(deployment), deployment);
  const make = (one: Place): Install => {
    const suffix = one.revision === 'default' ? '' : `-${one.revision}`;
    const map = (name: string) =>
      sources.configMaps.find(
        ({ metadata }) => metadata?.namespace === one.namespace && metadata.name === `${name}${suffix}`,
      )?.data ?? {};
    const maps = { mesh: map('istio'), injector: map('istio-sidecar-injector') };
    return installOf(one, maps, { book, gaps, hash: sources.hash });
  };
  return gaps.records('installs', [...places.values()], install, make, placeName);
}

/** The namespace of a revision. */
interface Place {
  namespace: string;
  revision: string;
  deployment?: V1Deployment;
}

const placeName = ({ namespace, revision }: Place) => `${namespace}, revision ${revision}`;

const revisionOf = ({ metadata }: V1Deployment) => metadata?.labels?.['istio.io/rev'] ?? 'default';

type Data = Record<string, string>;

function installOf(
  place: Place,
  maps: { mesh: Data; injector: Data },
  { book, gaps, hash }: { book: CertificateBook; gaps: Gaps; hash: Hash },
): Install {
  const { namespace, revision, deployment } = place;
  const of = placeName(place);
  const odd = (why: string) => gaps.note({ what: 'installs', of, reason: 'failed', why });
  const yaml = (text: string | undefined, what: string): unknown => {
    try {
      return text === undefined ? undefined : parse(text);
    } catch {
      odd(`${what} is not YAML`); // the message of the parser would quote the text
      return undefined;
    }
  };
  const values = (yaml(maps.injector['values'], 'the injector’s values') ?? {}) as Values;
  const containers = deployment?.spec?.template.spec?.containers ?? [];
  const env = envOf(containers.flatMap((one) => one.env ?? []));
  const images = containers.flatMap(({ image }) => (image === undefined ? [] : [image]));
  const networks = (yaml(maps.mesh['meshNetworks'], 'meshNetworks') ?? {}) as {
    networks?: unknown;
  };
  if (networks.networks && !isObject(networks.networks))
    odd('the networks in meshNetworks are not an object');
  const mesh = yaml(maps.mesh['mesh'], 'mesh');
  return {
    revision,
    namespace,
    istiod: deployment !== undefined,
    ...given('version', versionOf(images[0])),
    images,
    ...given('clusterName', env['CLUSTER_ID'] ?? filled(values.global?.multiCluster?.clusterName)),
    ...given('meshId', filled(values.global?.meshID)),
    ...given('network', filled(values.global?.network)),
    ...given('remotePilotAddress', filled(values.global?.remotePilotAddress)),
    ...given('pilotCertProvider', filled(values.global?.pilotCertProvider)),
    ...given('authorityVolume', deployment && authorityVolumeOf(deployment)),
    ...given('settings', isObject(mesh) ? settingsOf(mesh, book) : undefined),
    meshNetworks: isObject(networks.networks)
      ? (kept(networks.networks, keptNetworks, hash) as Install['meshNetworks'])
      : {},
    ...given('domain', domainOf(containers.flatMap((one) => one.args ?? []))),
    env,
  };
}

/** The argument --domain of istiod, in one argument or in two. */
function domainOf(args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => /^--domain(?:=|$)/.test(arg));
  const written = args[at]?.includes('=') ? args[at].split('=')[1] : args[at + 1];
  return at >= 0 && /^[a-z0-9.-]+$/.test(written ?? '') ? written : undefined;
}

interface Values {
  global?: {
    meshID?: string;
    network?: string;
    remotePilotAddress?: string;
    pilotCertProvider?: string;
    multiCluster?: { clusterName?: string };
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const filled = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function envOf(env: readonly { name: string; value?: string }[]): Record<string, string> {
  const kept = env.filter(({ name, value }) => keptSettings.has(name) && typeof value === 'string');
  return Object.fromEntries(kept.map(({ name, value }) => [name, value ?? '']));
}

/** The source of the volume that istiod mounts as /etc/cacerts, where it looks for an authority. */
function authorityVolumeOf({ spec }: V1Deployment): string {
  const { containers = [], volumes = [] } = spec?.template.spec ?? {};
  const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts ?? []);
  const mount = mounts.find(({ mountPath }) => mountPath === '/etc/cacerts');
  const volume = volumes.find(({ name }) => name === mount?.name);
  if (volume?.secret) return `secret ${volume.secret.secretName ?? ''}`;
  return Object.keys(volume ?? {}).find((key) => key !== 'name') ?? 'none';
}

/** The tag of an image; one that is named by digest alone tells no version. */
function versionOf(image: string | undefined): string | undefined {
  return /:([\w][\w.-]*)(?:@sha256:[0-9a-f]+)?$/.exec(image ?? '')?.[1];
}
