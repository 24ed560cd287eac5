import {
  AuthorizationV1Api,
  createConfiguration,
  KubeConfig,
  ServerConfiguration,
  type V1Secret,
} from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { neededResources } from './access-review.ts';
import type { Mesh, MeshCluster } from './attach.ts';
import { clientConfigOf, parseRemoteKubeconfig, reasonNotToUse } from './remote-kubeconfig.ts';

/** One rule of the rights of an account, as a SelfSubjectRulesReview lists it. */
export interface AccessRule {
  namespace: string;
  verbs: readonly string[];
  apiGroups: readonly string[];
  resources: readonly string[];
}

/** The rights of an account in one cluster. */
export interface ReaderAccess {
  rules: readonly AccessRule[];
  /** The server could not list all rules: an absent rule proves nothing. */
  incomplete: boolean;
  /** By "verb resource": whether the account may do so in the whole cluster. */
  mayEverywhere: Readonly<Record<string, boolean>>;
}

/** The account that the istiods of one cluster read another with. Holds a credential: never print or record it. */
export interface ReaderAccount {
  /** Whose istiods use it. */
  of: string;
  /** The cluster that it reads. */
  reads: string;
  /** Asks the cluster that it reads, in its name, what it may do. */
  access(): Promise<ReaderAccess>;
}

const label = 'istio/multiCluster=true';

/**
 * The reader accounts of a cluster's istiods: one for each kubeconfig in its remote secrets
 * (https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret) that is of a cluster in
 * the mesh file. Throws, without quoting a secret, when one is no kubeconfig, or one that would have
 * this machine run a program or read a file.
 */
export async function readerAccounts(mesh: Mesh, cluster: MeshCluster): Promise<ReaderAccount[]> {
  const namespace = mesh.file.rootNamespace;
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedSecret({ namespace, labelSelector: label }),
  );
  return items.flatMap((secret) => accountsIn(secret, mesh, cluster.name));
}

function accountsIn(secret: V1Secret, mesh: Mesh, of: string): ReaderAccount[] {
  return Object.entries(secret.data ?? {}).flatMap(([reads, encoded]) => {
    const target = mesh.clusters.find(({ name }) => name === reads);
    if (!target || reads === of) return [];
    const kubeconfig = parseRemoteKubeconfig(Buffer.from(encoded, 'base64').toString());
    const where = `Secret ${secret.metadata?.name} of cluster ${of}`;
    if ('problem' in kubeconfig) throw new Error(`${where} holds no kubeconfig for ${reads}.`);
    const reason = reasonNotToUse(kubeconfig);
    if (reason !== undefined) throw new Error(`${where} cannot be used here to read ${reads}: ${reason}.`);
    const config = clientConfigOf(kubeconfig);
    return [{ of, reads, access: () => whileWaiting(() => askAccess(config, target)) }];
  });
}

async function askAccess(config: KubeConfig, target: MeshCluster): Promise<ReaderAccess> {
  const api = await reachable(config, target);
  const { items } = await target.api.core.listNamespace();
  const namespaces = items.map(({ metadata }) => metadata?.name ?? '');
  const reviews = await Promise.all(
    namespaces.map(async (namespace) => {
      const body = { spec: { namespace } };
      return { namespace, status: (await api.createSelfSubjectRulesReview({ body })).status };
    }),
  );
  const rules: AccessRule[] = reviews.flatMap(({ namespace, status }) =>
    (status?.resourceRules ?? []).map(({ verbs, apiGroups = [], resources = [] }) => ({
      ...{ namespace, verbs, apiGroups, resources },
    })),
  );
  const needed = neededResources.flatMap((one) => ['list', 'watch'].map((verb) => ({ verb, ...one })));
  const may = await Promise.all(
    needed.map(async (resourceAttributes) => {
      const review = await api.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } });
      return [
        `${resourceAttributes.verb} ${resourceAttributes.resource}`,
        review.status?.allowed ?? false,
      ] as const;
    }),
  );
  return {
    rules,
    incomplete: reviews.some(({ status }) => !status || status.incomplete),
    mayEverywhere: Object.fromEntries(may),
  };
}

/**
 * The API server by the address that the account's kubeconfig names; where that is for istiods alone, by the address of
 * the mesh file, still with the account's own credential.
 */
async function reachable(config: KubeConfig, target: MeshCluster): Promise<AuthorizationV1Api> {
  const named = clientAt(config, config.getCurrentCluster()?.server ?? '');
  try {
    await named.createSelfSubjectRulesReview({ body: { spec: { namespace: 'default' } } });
    return named;
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'number')
      throw new Error(`Cluster ${target.name} refused its reader account: status ${error.code}.`);
  }
  const [user, known] = [config.getCurrentUser(), target.api.config.getCurrentCluster()];
  const mixed = new KubeConfig();
  if (!user || !known) throw new Error(`The reader account of ${target.name} names no user or server.`);
  mixed.loadFromClusterAndUser(known, user);
  return clientAt(mixed, known.server);
}

function clientAt(config: KubeConfig, server: string): AuthorizationV1Api {
  const signalled = {
    pre: (context: { setSignal(signal: AbortSignal): void }) => {
      context.setSignal(AbortSignal.timeout(timeouts.connectMs));
      return Promise.resolve(context);
    },
    post: <T>(context: T) => Promise.resolve(context),
  };
  return new AuthorizationV1Api(
    createConfiguration({
      baseServer: new ServerConfiguration(server, {}),
      authMethods: { default: config },
      promiseMiddleware: [signalled as never],
    }),
  );
}
