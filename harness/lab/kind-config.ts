import { clusterRanges } from '../config/topology-checks.ts';
import type { TopologyCluster } from '../config/topology.ts';

/** The properties of a machine and an image that change the set-up of a node. */
export interface NodeSettings {
  image: string;
  /** Whether the image contains a CNI; the image made from packages does not. */
  hasCni: boolean;
  /** Whether this machine may not raise limits (it lacks CAP_SYS_RESOURCE). */
  cannotRaiseLimits: boolean;
  /** A systemd drop-in on the host that removes the raised limits from containerd's unit. */
  limitsDropIn: string;
  /** A folder on the host with the files of {@link lightControlPlane}. */
  kubeadmPatches: string;
}

const kubeletPatch = (cannotRaiseLimits: boolean) => ({
  kind: 'KubeletConfiguration',
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  failCgroupV1: false,
  // Short periods: a lab changes often.
  nodeStatusUpdateFrequency: '5s',
  serializeImagePulls: false,
  ...(cannotRaiseLimits ? { featureGates: { KubeletInUserNamespace: true } } : {}),
});

/** The kind configuration of one cluster, as an object for YAML. */
export function kindConfig(cluster: TopologyCluster, name: string, settings: NodeSettings): object {
  const labels = {
    'topology.kubernetes.io/region': cluster.region,
    'topology.kubernetes.io/zone': cluster.zone,
  };
  const mounts = [
    { hostPath: settings.kubeadmPatches, containerPath: patchesInNode, readOnly: true },
    ...(settings.cannotRaiseLimits
      ? [
          {
            hostPath: settings.limitsDropIn,
            containerPath: '/etc/systemd/system/containerd.service.d/10-within-bounds.conf',
            readOnly: true,
          },
        ]
      : []),
  ];
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name,
    networking: {
      podSubnet: clusterRanges.pods,
      serviceSubnet: clusterRanges.services,
      disableDefaultCNI: !settings.hasCni,
      kubeProxyMode: 'iptables',
    },
    nodes: Array.from({ length: cluster.nodes }, (_, index) => ({
      role: index === 0 ? 'control-plane' : 'worker',
      image: settings.image,
      labels,
      extraMounts: mounts,
    })),
    kubeadmConfigPatches: [
      JSON.stringify(kubeletPatch(settings.cannotRaiseLimits)),
      JSON.stringify({ kind: 'InitConfiguration', patches: { directory: patchesInNode } }),
    ],
    kubeadmConfigPatchesJSON6902: [{ ...clusterConfiguration, patch: JSON.stringify(fewerWrites) }],
    containerdConfigPatches: [rareStatistics, ...(settings.cannotRaiseLimits ? [restrictOomScore] : [])],
  };
}

const clusterConfiguration = { group: 'kubeadm.k8s.io', version: 'v1beta4', kind: 'ClusterConfiguration' };

/**
 * A cluster with one control plane that lives for hours does not need leader election, nor etcd's waits for the disk, which only
 * protect from a crash of the machine. The patches add arguments to those of kind.
 */
const fewerWrites = [
  { op: 'add', path: '/etcd', value: { local: { extraArgs: [argument('unsafe-no-fsync', 'true')] } } },
  { op: 'add', path: '/controllerManager/extraArgs/-', value: argument('leader-elect', 'false') },
  { op: 'add', path: '/scheduler/extraArgs', value: [argument('leader-elect', 'false')] },
];

const patchesInNode = '/kind/meshproof-patches';

/** CPU requests of a control plane for a few pods. kubeadm's defaults take half of a node with two cores. */
const controlPlaneCores = {
  'kube-apiserver': '100m',
  'kube-controller-manager': '20m',
  'kube-scheduler': '20m',
  etcd: '50m',
};

/**
 * Patches that kubeadm applies to its manifests, by the name of the file
 * (https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches). They leave cores for the
 * requests of a lab's proxies, and a request is the weight of a container if cores are short.
 */
export const lightControlPlane: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(controlPlaneCores).map(([name, cpu]) => patchOf(name, requesting(name, cpu))),
  patchOf('corednsdeployment', { spec: { template: requesting('coredns', '20m') } }),
]);

function patchOf(target: string, patch: object): [file: string, content: string] {
  return [`${target}+strategic.json`, JSON.stringify(patch)];
}

function requesting(container: string, cpu: string): object {
  return { spec: { containers: [{ name: container, resources: { requests: { cpu } } }] } };
}

function argument(name: string, value: string): { name: string; value: string } {
  return { name, value };
}

/**
 * containerd 2.4 samples statistics of every container each second. A lab does not use them, and they are a quarter of the cost
 * of an idle lab. Older versions log that they do not know the setting.
 */
const rareStatistics = '[plugins."io.containerd.cri.v1.runtime"]\n  stats_collect_period = "1h"\n';

// In the node image's configuration version 2; containerd 2 migrates it when it starts.
const restrictOomScore = '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n';

/** Removes the limits that containerd's unit raises, for a machine that may not raise limits. */
export const withinBoundsDropIn = '[Service]\nLimitNPROC=\nLimitCORE=\nLimitNOFILE=\nOOMScoreAdjust=0\n';
