import type { Defect } from '../defect.ts';
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

export const workloadsDefects: readonly Defect[] = [
  {
    id: 'injection-missing-on-one-side',
    title: 'A namespace gets sidecars in one cluster only',
    family: 'workloads and services',
    cause:
      'The label was forgotten when the namespace was made in the second cluster. Pods that are there keep their sidecars; the next ones have none.',
    silent: true,
    break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.namespace, { 'istio-injection': null })],
    findings: ['MP6101'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'revision-that-is-gone',
    title: 'A namespace asks for a revision of Istio that is not there',
    family: 'workloads and services',
    cause:
      'An old revision was removed before its namespaces were moved. Pods that are there keep their sidecars; the next ones have none.',
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
    title: 'A Service is not in a cluster whose workloads call it',
    family: 'workloads and services',
    cause:
      'The Service was applied only where its pods are, and callers elsewhere do not find its name in DNS. Those that do not ask DNS, as the callers of the suites, are answered as before.',
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
    family: 'workloads and services',
    cause: 'The port was changed in one of the clusters.',
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
    title: 'A Service calls the same port by another name in one cluster',
    family: 'workloads and services',
    cause: 'istiod matches endpoints to ports by name; the name was changed in one of the clusters.',
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
    title: 'A port is HTTP in one cluster, and TCP in the other',
    family: 'workloads and services',
    cause:
      'appProtocol was set in one of the clusters. All calls are answered; retries, routes and policies for HTTP hold no more.',
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
    title: 'A subset selects no pod of any cluster',
    family: 'workloads and services',
    cause: 'The version in its labels is no longer deployed.',
    silent: true,
    break: (mesh) => {
      const subsets = [{ name: 'next', labels: { version: 'v2' } }];
      const spec = { host: sharedService(mesh), subsets };
      return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
    },
    findings: ['MP6301'],
    promises: [],
  },
  {
    id: 'route-to-no-service',
    title: 'A VirtualService sends to a Service that is not there',
    family: 'workloads and services',
    cause: 'The Service was renamed, the route was not.',
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
    title: 'Calls are routed otherwise in one cluster than in the other',
    family: 'workloads and services',
    cause: 'A VirtualService was applied to one of the clusters: here one that aborts every call.',
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
    family: 'workloads and services',
    cause:
      'What workloads are told of was narrowed in one of the clusters, by the names of its own services.',
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
    title: 'A service with pods in several clusters is kept inside one of them',
    family: 'workloads and services',
    cause:
      'clusterLocal was set in the mesh settings of one cluster: its callers do not fail over to the other one any more.',
    silent: false,
    break: (mesh) => {
      const hosts = [`${sharedService(mesh)}.${mesh.namespace}.svc.cluster.local`];
      const serviceSettings = [{ settings: { clusterLocal: true }, hosts }];
      return [settings(mesh, pairOf(mesh).east, { serviceSettings })];
    },
    findings: ['MP6305'],
    promises: ['CON-03'],
  },
];
