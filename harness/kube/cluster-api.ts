import {
  ApiException,
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  PatchStrategy,
  ResponseContext,
  ServerConfiguration,
  createConfiguration,
  wrapHttpLibrary,
  type KubernetesObject,
  type RequestContext,
} from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { ApiConnections } from './api-connections.ts';
import { refusal, serverSaid } from './server-said.ts';

/** The API server of one cluster. Its KubeConfig is never switched to another context. */
export interface ClusterApi {
  cluster: string;
  config: KubeConfig;
  core: CoreV1Api;
  apps: AppsV1Api;
  custom: CustomObjectsApi;
  objects: KubernetesObjectApi;
}

/** What ends a request to an API server before its answer. */
export interface RequestLimits {
  /** The longest that a request may take; {@link timeouts.apiMs} where none is given. */
  limitMs?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Opens the API of a cluster; nothing is sent yet.
 *
 * @param kubeconfig path; absent: as kubectl finds it.
 * @throws Error when the file or the context is not there.
 */
export function openClusterApi(
  cluster: string,
  context: string,
  kubeconfig?: string,
  limits: RequestLimits = {},
): ClusterApi {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new Error(
      `Cannot read the kubeconfig of cluster ${cluster}${kubeconfig === undefined ? '' : `, ${kubeconfig}`}.`,
      { cause: error },
    );
  }
  if (!config.getContextObject(context)) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `The kubeconfig of cluster ${cluster} has no context ${context}; it has ${known.join(', ') || 'none'}.`,
    );
  }
  config.setCurrentContext(context);
  return { cluster, config, ...clientsOf(config, limits) };
}

/** Clients that send through one set of kept connections, each request within its limit. Those of client-node wait for ever. */
function clientsOf(
  config: KubeConfig,
  { limitMs = timeouts.apiMs, signal }: RequestLimits,
): Pick<ClusterApi, 'core' | 'apps' | 'custom' | 'objects'> {
  const connections = new ApiConnections(config);
  const send = async (request: RequestContext): Promise<ResponseContext> => {
    const limit = AbortSignal.timeout(limitMs);
    const { status, headers, body } = await connections.send({
      url: request.getUrl(),
      method: request.getHttpMethod(),
      headers: request.getHeaders(),
      body: request.getBody() as string | undefined, // Kubernetes has no forms
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (status >= 400) throw refusal(status, await body.text(), headers);
    return new ResponseContext(status, headers, {
      text: () => body.text(),
      binary: async () => Buffer.from(await body.arrayBuffer()),
      stream: () => null, // no client reads one
    });
  };
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(config.getCurrentCluster()?.server ?? '', {}),
    httpApi: wrapHttpLibrary({ send }),
  });
  const client = <T extends object>(type: new (of: typeof configuration) => T) => new type(configuration);
  return {
    core: client(CoreV1Api),
    apps: client(AppsV1Api),
    custom: client(CustomObjectsApi),
    objects: client(KubernetesObjectApi),
  };
}

/** The owner of the fields that meshproof sets. */
export const fieldManager = 'meshproof';

/**
 * Applies objects in their order by server-side apply, taking over fields that others own.
 *
 * @returns them as the server then has them.
 * @throws Error that names the cluster and the object that was refused, with the server's words.
 */
export async function applyAll(api: ClusterApi, objects: readonly object[]): Promise<KubernetesObject[]> {
  const applied: KubernetesObject[] = [];
  for (const each of objects) {
    const object = each as KubernetesObject;
    try {
      const after = await api.objects.patch(
        object,
        undefined,
        undefined,
        fieldManager,
        true,
        PatchStrategy.ServerSideApply,
      );
      applied.push(after);
    } catch (error) {
      const { namespace, name } = object.metadata ?? {};
      const did = error instanceof ApiException ? 'refused' : 'did not take';
      throw new Error(
        `Cluster ${api.cluster} ${did} ${object.kind} ${namespace ? `${namespace}/` : ''}${name}: ${serverSaid(error)}.`,
        { cause: error },
      );
    }
  }
  return applied;
}

/**
 * Sets annotations or labels of an object, and nothing else of it; null takes one away.
 *
 * @throws ApiException with the server's answer, 404 among them.
 */
export async function mark(
  api: ClusterApi,
  object: { apiVersion: string; kind: string; namespace: string; name: string },
  marks: { annotations?: Record<string, string | null>; labels?: Record<string, string | null> },
): Promise<void> {
  const { apiVersion, kind, namespace, name } = object;
  const body = { apiVersion, kind, metadata: { namespace, name, ...marks } } as KubernetesObject; // null is a merge patch's own
  await api.objects.patch(body, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch);
}

/** Runs a deletion; that the object is not there is as good as deleted. */
export async function deleteIfThere(deletion: () => Promise<unknown>): Promise<void> {
  try {
    await deletion();
  } catch (error) {
    if (!(error instanceof ApiException && error.code === 404)) throw error;
  }
}
