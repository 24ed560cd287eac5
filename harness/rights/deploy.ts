import { forwardVerbs } from './doctor.ts';
import type { Right, Scope } from './right.ts';

/** The kinds of meshproof's workloads, as their API servers serve them. */
const workloadResources = [
  { group: '', resource: 'configmaps' },
  { group: '', resource: 'serviceaccounts' },
  { group: '', resource: 'services' },
  { group: 'apps', resource: 'deployments' },
] as const;

/** The same with `deploy --ingress`. */
const ingressResources = [
  { group: 'networking.istio.io', resource: 'gateways' },
  { group: 'networking.istio.io', resource: 'virtualservices' },
] as const;

/**
 * What `deploy` and `undeploy` ask for. The namespace has to exist: a Role cannot be created in a namespace that does not, and the
 * right to create namespaces is not needed then. `undeploy` deletes the namespace, and the Role in it. The account creates
 * Deployments there: see {@link reachOf}.
 */
export function deployRights({ rootNamespace, gatewayNamespace, namespace }: Scope): Right[] {
  const apply = 'workloads cannot be applied';
  const image = 'the proxy image of the mesh is not found: --image has to name it';
  const ready = 'readiness of the workloads is not seen';
  const core = { group: '' } as const;
  return [
    { ...core, verbs: ['get', 'patch'], resource: 'namespaces', names: [namespace], lost: apply },
    {
      ...core,
      verbs: ['delete'],
      resource: 'namespaces',
      names: [namespace],
      lost: '`undeploy` removes nothing',
    },
    { ...core, verbs: ['list'], resource: 'nodes', lost: 'the zones of nodes are not known' },
    ...workloadResources.map((one): Right => ({
      ...{ ...one, verbs: ['get', 'create', 'patch'], namespace, lost: apply },
    })),
    ...ingressResources.map((one): Right => ({
      ...{ ...one, verbs: ['get', 'create', 'patch'], namespace, seldom: true },
      lost: '`deploy --ingress` cannot configure the ingress gateway',
    })),
    { group: 'apps', resource: 'deployments', verbs: ['list'], namespace, lost: ready },
    { ...core, resource: 'pods', verbs: ['list'], namespace, lost: ready },
    { ...core, resource: 'pods/portforward', verbs: forwardVerbs, namespace, lost: ready },
    ...[...new Set([gatewayNamespace, rootNamespace])].map((where): Right => ({
      ...{ ...core, resource: 'pods', verbs: ['list'], namespace: where, lost: image },
      // A proxy that runs in the first namespace shows the image, and the other is not asked.
      ...(where === rootNamespace && where !== gatewayNamespace ? { seldom: true } : {}),
    })),
    {
      ...{ ...core, resource: 'configmaps', verbs: ['get'], names: ['istio-sidecar-injector'] },
      ...{ namespace: rootNamespace, lost: image, seldom: true },
    },
    {
      ...{ ...core, resource: 'pods/portforward', verbs: forwardVerbs, namespace: rootNamespace },
      ...{ lost: 'readiness of an ingress gateway is not seen', seldom: true },
    },
  ];
}
