import { inFamily } from '../defect.ts';
import { changed, pairOf } from '../defect-builders.ts';

export const versionsDefects = inFamily('versions and clocks', [
  {
    id: 'mesh-ids-differ',
    title: 'Clusters have different mesh ids',
    cause:
      'A cluster was installed with the default id, or with the id of another mesh. Traffic works, but telemetry shows two meshes.',
    silent: true,
    break: (mesh) => {
      const { rootNamespace: namespace } = mesh;
      const map = { op: 'merge-yaml', apiVersion: 'v1', kind: 'ConfigMap', namespace } as const;
      const meshId = 'another-mesh';
      return [
        changed(
          pairOf(mesh).east,
          { ...map, name: 'istio-sidecar-injector', key: 'values', patch: { global: { meshID: meshId } } },
          { ...map, name: 'istio', key: 'mesh', patch: { defaultConfig: { meshId } } },
        ),
      ];
    },
    findings: ['MP7401'],
    promises: [],
  },
]);
