import { clusterRanges } from '../config/topology-checks.ts';
import type { TopologyCluster } from '../config/topology.ts';

/** What differs between machines and images, and changes how a node is set up. */
export interface NodeSettings {
  image: string;
  /** Whether the image has a CNI of its own; the one made from packages has none. */
  hasCni: boolean;
  /** Whether this machine may not raise limits (no CAP_SYS_RESOURCE). */
  cannotRaiseLimits: boolean;
  /** A systemd drop-in on the host that takes the raised limits out of containerd's unit. */
  limitsDropIn: string;
  /** A folder on the host with the files of {@link lightControlPlane}. */
  kubeadmPatches: string;
}

const kubeletPatch = (cannotRaiseLimits: boolean) => ({
  kind: 'KubeletConfiguration',
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  failCgroupV1: false,
  // Short grace periods and many probes: a lab is asked for changes, not for calm.
  nodeStatusUpdateFrequency: '5s',
  serializeImagePulls: false,
  ...(cannotRaiseLimits ? { featureGates: { KubeletInUserNamespace: true } } : {}),
});

/** A kind configuration for one cluster, ready to be written as YAML. */
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
 * What a cluster of one control plane that lives for hours does without: leases of controllers that have no rival, and etcd's waiting
 * for the disk, which only the end of the whole machine would need. Added to kind's own arguments, not in their place.
 */
const fewerWrites = [
  { op: 'add', path: '/etcd', value: { local: { extraArgs: [argument('unsafe-no-fsync', 'true')] } } },
  { op: 'add', path: '/controllerManager/extraArgs/-', value: argument('leader-elect', 'false') },
  { op: 'add', path: '/scheduler/extraArgs', value: [argument('leader-elect', 'false')] },
];

const patchesInNode = '/kind/meshproof-patches';

/** What a control plane for a handful of pods asks of a core; kubeadm's own figures are half of what a node with two cores has to give. */
const controlPlaneCores = {
  'kube-apiserver': '100m',
  'kube-controller-manager': '20m',
  'kube-scheduler': '20m',
  etcd: '50m',
};

/**
 * By name of the file: patches that kubeadm applies to what it writes
 * (https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/control-plane-flags/#patches). So the proxies of a lab may ask
 * for more, and a request is a weight where cores are short.
 */
export const lightControlPlane: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(controlPlaneCores).map(([name, cpu]) => patchOf(name, asking(name, cpu))),
  patchOf('corednsdeployment', { spec: { template: asking('coredns', '20m') } }),
]);

function patchOf(target: string, patch: object): [file: string, content: string] {
  return [`${target}+strategic.json`, JSON.stringify(patch)];
}

function asking(container: string, cpu: string): object {
  return { spec: { containers: [{ name: container, resources: { requests: { cpu } } }] } };
}

function argument(name: string, value: string): { name: string; value: string } {
  return { name, value };
}

/**
 * containerd 2.4 samples every container each second for a figure that no one asks for in a lab: a quarter of what an idle lab costs.
 * Older ones tell that they do not know the setting.
 */
const rareStatistics = '[plugins."io.containerd.cri.v1.runtime"]\n  stats_collect_period = "1h"\n';

// In the node image's own notation (configuration version 2); containerd 2 migrates it when it starts.
const restrictOomScore = '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n';

/** Takes back the limits that containerd's unit raises, where this machine may not raise any. */
export const withinBoundsDropIn = '[Service]\nLimitNPROC=\nLimitCORE=\nLimitNOFILE=\nOOMScoreAdjust=0\n';
