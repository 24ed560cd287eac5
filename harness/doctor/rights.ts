import type { Missing, Source } from '../snapshot/schema.ts';

/** The right that an account needs in a cluster for each part of a snapshot. */
const rights: Partial<Record<Source, string>> = {
  namespaces: 'list namespaces',
  services: 'list services',
  pods: 'list pods',
  nodes: 'list nodes',
  serviceAccounts: 'list serviceaccounts',
  workloads: 'list deployments, statefulsets and daemonsets in the group apps',
  resources: 'list the resources of Istio and of the Gateway API, and networkpolicies',
  installs: 'list configmaps, and deployments in the group apps',
  roots: 'list configmaps',
  webhooks: 'list mutatingwebhookconfigurations in the group admissionregistration.k8s.io',
  authorities: 'list and get secrets',
  remoteSecrets: 'list and get secrets',
  readerAccess:
    'create selfsubjectaccessreviews and selfsubjectrulesreviews, with the account of the remote secret',
  istiods: 'get and create pods/portforward',
  proxies: 'get and create pods/portforward',
  probes: 'get and create pods/portforward',
};

/** The right that would fill a gap; undefined if no right is known to do so. */
export const rightFor = ({ what, of }: Missing): string | undefined =>
  what === 'resources' && of !== undefined && /^[A-Z]\w*$/.test(of) ? `list ${of}` : rights[what];
