/** Ports of a workload's Envoy, as clusters/workloads/envoy.yaml has them. */
export const workloadPorts = {
  /** HTTP, behind port 80 of the Service. */
  serve: 8080,
  /** Plain TCP: one JSON line with the origin, then the end. */
  tcp: 9000,
  /** Calls in the name of the pod; on loopback, so by port-forward alone. */
  call: 15901,
  /** Envoy's admin interface; on loopback. */
  admin: 15900,
} as const;

/** Ports of the Services. */
export const servicePorts = { http: 80, tcp: 9000 } as const;

/** The name of the Deployment and account that calls from outside the mesh: no sidecar. */
export const plainProbe = 'probe-plain';

/** The label on everything that meshproof puts into a cluster, and its value. */
export const managedBy = { 'app.kubernetes.io/managed-by': 'meshproof' } as const;
