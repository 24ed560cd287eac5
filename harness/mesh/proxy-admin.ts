import type { ClusterApi } from '../kube/cluster-api.ts';
import { PodHttp } from '../kube/pod-http.ts';
import type { PodRef } from '../kube/port-forward.ts';
import { type EdsLocality, type Endpoint, parseClusters, parseEds } from './proxy.ts';

/** Istio's proxies serve Envoy's admin interface here, on loopback. */
export const adminPort = 15000;

/** The admin interface of one Istio proxy, a sidecar's or a gateway's. */
export class ProxyAdmin extends PodHttp {
  constructor(api: ClusterApi, pod: PodRef) {
    super(api, pod, adminPort);
  }

  /** The endpoints it uses, with their health as it sees them. */
  async endpoints(): Promise<Endpoint[]> {
    return parseClusters(await this.ask('/clusters?format=json'));
  }

  /** The endpoints by locality, as {@link parseEds} reads them, by name of Envoy's cluster. */
  async eds(): Promise<Map<string, EdsLocality[]>> {
    return parseEds(await this.ask('/config_dump?include_eds&resource=dynamic_endpoint_configs'));
  }

  /** Its whole configuration as JSON text, endpoints included; for looking whether something has arrived. */
  configDump(): Promise<string> {
    return this.ask('/config_dump?include_eds');
  }
}
