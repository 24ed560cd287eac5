import { defineDefect } from '../defect.ts';
import { everywhere, failoverTo, istio, outlierDetection, pairOf, sharedService } from '../parts.ts';

export const failoverToNoRegion = defineDefect({
  id: 'failover-to-no-region',
  title: 'Failover leads to a region that no node is in',
  family: 'locality and failover',
  cause: 'The region was renamed, or written as a zone.',
  silent: true,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const spec = {
      host: sharedService(mesh),
      trafficPolicy: {
        loadBalancer: failoverTo(west, { region: 'region-nowhere' }),
        outlierDetection,
      },
    };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP4205'],
  promises: [],
});
