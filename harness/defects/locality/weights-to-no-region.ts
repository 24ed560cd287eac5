import { defineDefect } from '../defect.ts';
import { everywhere, istio, outlierDetection, pairOf, sharedService } from '../parts.ts';

export const weightsToNoRegion = defineDefect({
  id: 'weights-to-no-region',
  title: 'Weights by locality lead to a region that no node is in',
  family: 'locality and failover',
  cause: 'The region was renamed after the weights were written; what is weighted for it goes to nobody.',
  silent: true,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const spec = {
      host: sharedService(mesh),
      trafficPolicy: {
        loadBalancer: {
          localityLbSetting: {
            enabled: true,
            distribute: [{ from: west.region, to: { [west.region]: 80, 'region-nowhere': 20 } }],
          },
        },
        outlierDetection,
      },
    };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP4204'],
  promises: [],
});
