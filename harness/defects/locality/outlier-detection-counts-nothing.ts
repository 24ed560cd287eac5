import { defineDefect } from '../defect.ts';
import { everywhere, failoverTo, istio, outlierDetection, pairOf, sharedService } from '../parts.ts';

export const outlierDetectionCountsNothing = defineDefect({
  id: 'outlier-detection-counts-nothing',
  title: 'Outlier detection is set, and counts no errors',
  family: 'locality and failover',
  cause: 'The numbers of errors were set to 0 to take ejection out for a while.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    const spec = {
      host: sharedService(mesh),
      trafficPolicy: {
        loadBalancer: failoverTo(west, east),
        outlierDetection: { ...outlierDetection, consecutive5xxErrors: 0 },
      },
    };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP4208'],
  promises: [],
});
