import { defineDefect } from '../defect.ts';
import { everywhere, failoverTo, istio, outlierDetection, pairOf, sharedService } from '../parts.ts';

export const ejectionPercentTooLow = defineDefect({
  id: 'ejection-percent-too-low',
  title: 'Outlier detection may not eject all pods of a region',
  family: 'locality and failover',
  cause:
    'maxEjectionPercent was left at its default of 10, or set for a single sick pod; a sick region is never left.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    const spec = {
      host: sharedService(mesh),
      trafficPolicy: {
        loadBalancer: failoverTo(west, east),
        outlierDetection: { ...outlierDetection, maxEjectionPercent: 30 },
      },
    };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP4202'],
  promises: [],
});
