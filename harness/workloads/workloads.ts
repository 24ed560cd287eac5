import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type {
  KubernetesObject,
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1EnvVar,
  V1Namespace,
  V1PodTemplateSpec,
  V1Service,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import { managedBy, plainProbe, servicePorts, workloadPorts } from '../config/workload-names.ts';

/** The well-known label of a node's zone (https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone). */
export const zoneLabel = 'topology.kubernetes.io/zone';

/** What {@link renderWorkloads} needs to know of one cluster. */
export interface WorkloadInput {
  namespace: string;
  /** Every service of the mesh; `pods` by cluster name, an absent cluster meaning none. */
  services: readonly { name: string; pods: Readonly<Record<string, number>> }[];
  /** `ingress`: it has an ingress gateway of its own, which routes to `webapp`; for `ingressHost`, by default every host. */
  cluster: { name: string; region: string; zone: string; ingress?: boolean; ingressHost?: string };
  /** Pods run on nodes of the cluster's `zone` alone. */
  inZone?: boolean;
  /** The proxy image that the mesh uses: Istio's proxyv2 or one with stock Envoy at /usr/local/bin/envoy. */
  image: string;
  /** Default: IfNotPresent. */
  imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** The label that asks for sidecars. Default: `istio-injection: enabled`; with revisions `istio.io/rev: <name>`. */
  injection?: Readonly<Record<string, string>>;
}

const configMapName = 'meshproof-envoy';
const envoyConfig = readFileSync(new URL('../../clusters/workloads/envoy.yaml', import.meta.url), 'utf8');

/**
 * The manifests of meshproof's workloads for one cluster, in the order in which they can be applied: Namespace, the
 * one ConfigMap that all share, then ServiceAccount and Service of every service, and Deployments where pods are
 * asked for. If the cluster has pods of `probe`, a probe without a sidecar is added; where it has an ingress
 * gateway, a Gateway and VirtualService that route to `webapp`. Every service has its Service in every cluster, as a
 * mesh of Istio wants it. Pure: the same input gives the same objects.
 */
export function renderWorkloads(input: WorkloadInput): KubernetesObject[] {
  const pods = (service: WorkloadInput['services'][number]) => service.pods[input.cluster.name] ?? 0;
  const plain = input.services.some((service) => service.name === 'probe' && pods(service) > 0);
  return [
    namespace(input),
    configMap(input),
    ...input.services.flatMap((service) => [
      serviceAccount(input, service.name),
      kubernetesService(input, service.name),
      ...(pods(service) > 0 ? [deployment(input, service.name, pods(service))] : []),
    ]),
    ...(plain ? [serviceAccount(input, plainProbe), deployment(input, plainProbe, 1)] : []),
    ...(input.cluster.ingress ? ingress(input) : []),
  ];
}

/** The Deployment of one workload: for suites that add pods of their own. Its ConfigMap must be in the namespace. */
export function deployment(input: WorkloadInput, name: string, replicas: number): V1Deployment {
  const selector = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: input.namespace, labels: { ...managedBy, app: name } },
    spec: {
      replicas,
      selector: { matchLabels: selector },
      // A pod leaves only when its successor is ready: a change of the configuration disturbs no measurement.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: podTemplate(input, name),
    },
  };
}

function podTemplate(input: WorkloadInput, name: string): V1PodTemplateSpec {
  const inject = name === plainProbe ? { 'sidecar.istio.io/inject': 'false' } : {};
  return {
    metadata: {
      labels: { ...managedBy, app: name, version: 'v1', ...inject },
      annotations: {
        // A changed configuration replaces the pods, as a ConfigMap alone would not.
        'meshproof.dev/config': createHash('sha256').update(envoyConfig).digest('hex').slice(0, 16),
        'sidecar.istio.io/proxyCPU': '100m',
        'sidecar.istio.io/proxyMemory': '64Mi',
        // The same for another label, as Istio injects into new pods only.
        ...(input.injection && { 'meshproof.dev/injection': JSON.stringify(input.injection) }),
      },
    },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      ...(input.inZone && { nodeSelector: { [zoneLabel]: input.cluster.zone } }),
      containers: [container(input, name)],
      volumes: [{ name: 'config', configMap: { name: configMapName } }],
    },
  };
}

function container(input: WorkloadInput, name: string): V1Container {
  return {
    name: 'app',
    image: input.image,
    imagePullPolicy: input.imagePullPolicy ?? 'IfNotPresent',
    command: ['/usr/local/bin/envoy'],
    // Hot restart would meet the sidecar's Envoy in the pod's shared network namespace.
    args: ['-c', '/etc/meshproof/envoy.yaml', '--concurrency', '1', '--disable-hot-restart', '-l', 'warn'],
    env: environment(input, name),
    ports: [
      { name: 'http', containerPort: workloadPorts.serve },
      { name: 'tcp', containerPort: workloadPorts.tcp },
    ],
    readinessProbe: {
      httpGet: { path: '/ready', port: workloadPorts.serve },
      periodSeconds: 1,
      failureThreshold: 2,
      timeoutSeconds: 2,
    },
    // Proxies hear that the pod is leaving before it does.
    lifecycle: { preStop: { sleep: { seconds: 2 } } },
    resources: { requests: { cpu: '50m', memory: '48Mi' }, limits: { memory: '256Mi' } },
    securityContext: {
      // Not 1337: the sidecar ignores the traffic of that user as its own.
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'config', mountPath: '/etc/meshproof', readOnly: true }],
  };
}

function environment(input: WorkloadInput, name: string): V1EnvVar[] {
  const { name: cluster, region, zone } = input.cluster;
  const origin = { service: name, cluster, region, zone, pod: '$(POD_NAME)' };
  return [
    { name: 'SERVICE', value: name },
    { name: 'CLUSTER', value: cluster },
    { name: 'REGION', value: region },
    { name: 'ZONE', value: zone },
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
    { name: 'ORIGIN', value: `${JSON.stringify(origin)}\n` },
  ];
}

function namespace(input: WorkloadInput): V1Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: input.namespace,
      labels: { ...managedBy, ...(input.injection ?? { 'istio-injection': 'enabled' }) },
    },
  };
}

function configMap(input: WorkloadInput): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: configMapName, namespace: input.namespace, labels: { ...managedBy } },
    data: { 'envoy.yaml': envoyConfig },
  };
}

function serviceAccount(input: WorkloadInput, name: string): V1ServiceAccount {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: input.namespace, labels: { ...managedBy } },
  };
}

function kubernetesService(input: WorkloadInput, name: string): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: input.namespace, labels: { ...managedBy, app: name } },
    spec: {
      selector: { app: name },
      ports: [
        { name: 'http', port: servicePorts.http, targetPort: workloadPorts.serve, protocol: 'TCP' },
        { name: 'tcp', port: servicePorts.tcp, targetPort: workloadPorts.tcp, protocol: 'TCP' },
      ],
    },
  };
}

function ingress(input: WorkloadInput): KubernetesObject[] {
  const metadata = { name: 'meshproof', namespace: input.namespace, labels: { ...managedBy } };
  const hosts = [input.cluster.ingressHost ?? '*'];
  const webapp = { host: `webapp.${input.namespace}.svc.cluster.local`, port: { number: servicePorts.http } };
  const gateway = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata,
    spec: {
      selector: { istio: 'ingressgateway' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts }],
    },
  };
  const virtualService = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec: {
      hosts,
      gateways: ['meshproof'],
      http: [{ name: 'webapp', route: [{ destination: webapp }] }],
    },
  };
  return [gateway, virtualService];
}
