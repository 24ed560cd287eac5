import type { AccessVerb, Asked } from './right.ts';

/** A request as an API server gets it, with the status that it answered. */
export interface HttpRequest {
  method: string;
  /** Path and query. */
  path: string;
  /** A websocket is to be opened. */
  upgrade?: boolean;
  status?: number;
}

const verbsByMethod: Readonly<Record<string, AccessVerb>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
};

/**
 * The requests that RBAC has to allow for one HTTP request, as the API server reads its path
 * (`RequestInfoFactory` in k8s.io/apiserver). Empty for paths without an object, such as `/version` and `/apis/apps/v1`:
 * Kubernetes allows them to every account (ClusterRole system:discovery).
 *
 * Two verbs belong to one request in two cases. Opening a websocket to a subresource of a pod is `get`, and since
 * Kubernetes 1.35 `create` as well (AuthorizePodWebsocketUpgradeCreatePermission). A server-side apply is `patch`, and
 * `create` as well if the object did not exist, which its status 201 shows.
 */
export function askedBy({ method, path, upgrade, status }: HttpRequest): Asked[] {
  const { pathname, searchParams } = new URL(path, 'http://x');
  const [root, ...rest] = pathname.split('/').filter((part) => part !== '');
  const group = root === 'api' ? '' : rest.shift();
  rest.shift(); // the version
  if ((root !== 'api' && root !== 'apis') || group === undefined || rest.length === 0) return [];
  const [first, second, third] = rest;
  const isInside =
    first === 'namespaces' && third !== undefined && third !== 'status' && third !== 'finalize';
  const [resource = '', named, subresource] = isInside ? rest.slice(2) : rest;
  const namespace = first === 'namespaces' ? second : undefined;
  const name = named ?? nameIn(searchParams.get('fieldSelector'));
  const verb = verbOf(method, named, searchParams);
  const more: AccessVerb[] = upgrade || (method === 'PATCH' && status === 201) ? ['create'] : [];
  return [verb, ...more].map((each) => ({
    ...{ verb: each, group, resource: subresource === undefined ? resource : `${resource}/${subresource}` },
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  }));
}

function verbOf(method: string, named: string | undefined, query: URLSearchParams): AccessVerb {
  if (method === 'DELETE') return named === undefined ? 'deletecollection' : 'delete';
  const verb = verbsByMethod[method];
  if (verb !== undefined) return verb;
  if (query.get('watch') === 'true' || query.get('watch') === '1') return 'watch';
  return named === undefined ? 'list' : 'get';
}

/** RBAC takes a field selector of one exact name for that name. */
const nameIn = (selector: string | null): string | undefined =>
  /^metadata\.name=([^,!]+)$/.exec(selector ?? '')?.[1];
