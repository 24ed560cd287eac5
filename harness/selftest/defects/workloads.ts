import { inFamily } from '../defect.ts';
import {
  applied,
  changed,
  everywhere,
  istio,
  namespaceLabels,
  pairOf,
  remoteService,
  serviceOf,
  settings,
  sharedService,
} from '../defect-builders.ts';

export const workloadsDefects = inFamily('workloads and services', [
  {
    id: 'injection-missing-on-one-side',
    title: 'A namespace has sidecar injection in one cluster only',
    cause:
      'The namespace was created in the second cluster without the label. Existing pods keep their sidecars; new pods have none.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.namespace, { 'istio-injection': null })],
    findings: ['MP6101'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'revision-that-is-gone',
    title: 'A namespace requests a revision of Istio that is not installed',
    cause:
      'An old revision was removed before its namespaces were moved. Existing pods keep their sidecars; new pods have none.',
    silent: true,
    break: (mesh) => {
      const labels = { 'istio-injection': null, 'istio.io/rev': '1-20' };
      return [namespaceLabels(pairOf(mesh).east, mesh.namespace, labels)];
    },
    findings: ['MP6103'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'service-missing',
    title: 'A Service is missing in a cluster whose workloads call it',
    cause:
      'The Service exists only in the cluster of its pods. Callers in other clusters cannot resolve its name. Callers that do not use DNS, such as the suites, are not affected.',
    silent: true,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      return [changed(west, { op: 'delete', ...serviceOf(mesh, remoteService(mesh, west)) })];
    },
    findings: ['MP6201'],
    where: { cluster: 'west' },
    promises: [],
  },
  {
    id: 'service-on-another-port',
    title: 'A Service has another port number in one cluster',
    cause: 'The port was changed in one cluster.',
    silent: false,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const ports = [
        { name: 'http', port: 8000, targetPort: 8080 },
        { name: 'tcp', port: 9000, targetPort: 9000 },
      ];
      const service = serviceOf(mesh, remoteService(mesh, west));
      return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
    },
    findings: ['MP6202'],
    promises: ['CON-02'],
  },
  {
    id: 'service-with-another-port-name',
    title: 'A Service has another port name in one cluster',
    cause: 'istiod matches endpoints to ports by name. The name was changed in one cluster.',
    silent: false,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const ports = [
        { name: 'http-web', port: 80, targetPort: 8080 },
        { name: 'tcp', port: 9000, targetPort: 9000 },
      ];
      const service = serviceOf(mesh, remoteService(mesh, west));
      return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
    },
    findings: ['MP6203'],
    promises: ['CON-02'],
  },
  {
    id: 'service-with-another-protocol',
    title: 'A port is HTTP in one cluster and TCP in another',
    cause:
      'appProtocol was set in one cluster. Calls succeed, but retries, routes and policies for HTTP do not apply.',
    silent: true,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const ports = [
        { name: 'http', port: 80, targetPort: 8080, appProtocol: 'tcp' },
        { name: 'tcp', port: 9000, targetPort: 9000 },
      ];
      const service = serviceOf(mesh, remoteService(mesh, west));
      return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
    },
    findings: ['MP6204'],
    promises: [],
  },
  {
    id: 'subset-without-pods',
    title: 'A subset does not select any pod',
    cause:
      'The version in its labels is not deployed. A route sends the calls with a certain header to the subset.',
    silent: true,
    break: (mesh) => {
      const host = sharedService(mesh);
      const subsets = [{ name: 'next', labels: { version: 'v2' } }];
      const match = [{ headers: { 'x-preview': { exact: 'next' } } }];
      const http = [
        { match, route: [{ destination: { host, subset: 'next' } }] },
        { route: [{ destination: { host } }] },
      ];
      return everywhere(
        mesh,
        istio(mesh, 'DestinationRule', { host, subsets }),
        istio(mesh, 'VirtualService', { hosts: [host], http }),
      );
    },
    findings: ['MP6301'],
    promises: [],
  },
  {
    id: 'route-to-no-service',
    title: 'A VirtualService routes to a Service that does not exist',
    cause: 'The Service was renamed, but the route was not.',
    silent: false,
    break: (mesh) => {
      const route = [{ destination: { host: 'retired' } }];
      const spec = { hosts: [sharedService(mesh)], http: [{ route }] };
      return everywhere(mesh, istio(mesh, 'VirtualService', spec));
    },
    findings: ['MP6302'],
    promises: ['CON-01'],
  },
  {
    id: 'routes-differ',
    title: 'A VirtualService exists in one cluster only',
    cause: 'A VirtualService that aborts every call was applied to one cluster.',
    silent: false,
    break: (mesh) => {
      const [host, abort] = [sharedService(mesh), { httpStatus: 503, percentage: { value: 100 } }];
      const http = [{ fault: { abort }, route: [{ destination: { host } }] }];
      return [applied(pairOf(mesh).east, istio(mesh, 'VirtualService', { hosts: [host], http }))];
    },
    findings: ['MP6303'],
    promises: ['CON-03'],
  },
  {
    id: 'sidecar-hides-services',
    title: 'A Sidecar resource in one cluster hides services from its callers',
    cause: 'In one cluster, a Sidecar resource limits the configuration of workloads to local services.',
    silent: false,
    break: (mesh) => {
      const { west } = pairOf(mesh);
      const hosts = [
        `./${sharedService(mesh)}.${mesh.namespace}.svc.cluster.local`,
        `${mesh.rootNamespace}/*`,
      ];
      return [applied(west, istio(mesh, 'Sidecar', { egress: [{ hosts }] }))];
    },
    findings: ['MP6304'],
    promises: ['CON-02'],
  },
  {
    id: 'service-kept-in-its-cluster',
    title: 'One cluster keeps calls to a shared service local',
    cause:
      'The mesh settings of one cluster list the service as clusterLocal. Its callers do not fail over to other clusters.',
    silent: false,
    break: (mesh) => {
      const hosts = [`${sharedService(mesh)}.${mesh.namespace}.svc.cluster.local`];
      const serviceSettings = [{ settings: { clusterLocal: true }, hosts }];
      return [settings(mesh, pairOf(mesh).east, { serviceSettings })];
    },
    findings: ['MP6305'],
    promises: ['CON-03'],
  },
]);
