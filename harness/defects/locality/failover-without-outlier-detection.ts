import { defineDefect } from '../defect.ts';
import { everywhere, failoverTo, istio, pairOf, sharedService } from '../parts.ts';

export const failoverWithoutOutlierDetection = defineDefect({
  id: 'failover-without-outlier-detection',
  title: 'Failover is set up without outlier detection',
  family: 'locality and failover',
  cause:
    'Envoy leaves a region when it sees that its hosts are sick, and nothing tells it. Istio then does not even send priorities.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    const spec = { host: sharedService(mesh), trafficPolicy: { loadBalancer: failoverTo(west, east) } };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP4201'],
  promises: [],
});
