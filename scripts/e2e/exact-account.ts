import { KubeConfig } from '#kubernetes-client';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { timeouts } from '../../harness/base/timeouts.ts';
import { waitUntil } from '../../harness/base/wait-until.ts';
import type { MeshFile } from '../../harness/config/mesh-file.ts';
import { applyAll, deleteIfThere } from '../../harness/kube/cluster-api.ts';
import type { Mesh, MeshCluster } from '../../harness/mesh/attach.ts';
import { checkRights } from '../../harness/rights/check.ts';
import { rightsManifests } from '../../harness/rights/manifests.ts';
import type { Asked, Right } from '../../harness/rights/right.ts';
import { rightsOf, scopeOf, type RightsVerb } from '../../harness/rights/verbs.ts';
import { openRecordingProxy, type RecordingProxy } from './recording-proxy.ts';

const lifetimeSeconds = 3_600;

/** An account in each cluster with exactly the rights of one command, and a mesh file that uses it. */
export interface ExactAccount extends AsyncDisposable {
  meshFile: string;
  rightsIn(cluster: string): readonly Right[];
  /** The account's requests to the API server of a cluster. */
  askedIn(cluster: string): Asked[];
  /** Gives the account these rights instead, in every cluster, and waits until the API servers apply them. */
  have(rights: (cluster: string) => readonly Right[]): Promise<void>;
}

/**
 * Creates the account with the manifests that `meshproof rights <verb>` prints, and a mesh file in a folder. Dispose it to delete
 * its objects in the clusters.
 *
 * @param admin the same mesh, by an account that may do everything.
 */
export async function exactAccount(admin: Mesh, verb: RightsVerb, folder: string): Promise<ExactAccount> {
  await using stack = new AsyncDisposableStack();
  const places = await Promise.all(
    admin.clusters.map(async (cluster) => {
      const proxy = stack.use(await openRecordingProxy(cluster.api.config));
      const rights = rightsOf(verb, scopeOf(admin.file, cluster.file));
      const name = `meshproof-e2e-${verb}`;
      const account = { namespace: admin.file.rootNamespace, name };
      stack.defer(() => remove(cluster, rights, account));
      await applyAll(
        cluster.api,
        rightsManifests(name, rights, account).map(({ object }) => object),
      );
      const token = await tokenOf(cluster, account);
      return { cluster, proxy, rights, account, token };
    }),
  );
  const meshFile = writeMeshFile(admin.file, verb, folder, places);
  const at = (name: string) => places.find(({ cluster }) => cluster.name === name) ?? fail(name);
  const owned = stack.move();
  return {
    meshFile,
    rightsIn: (name) => at(name).rights,
    askedIn: (name) => at(name).proxy.askedWith(at(name).token),
    have: async (rights) => {
      await Promise.all(places.map((place) => setRights(place, rights(place.cluster.name))));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface Place {
  cluster: MeshCluster;
  proxy: RecordingProxy;
  rights: readonly Right[];
  account: { namespace: string; name: string };
  token: string;
}

function fail(name: string): never {
  throw new Error(`The mesh does not have a cluster ${name}.`);
}

async function tokenOf({ api }: MeshCluster, { namespace, name }: Place['account']): Promise<string> {
  const { status } = await api.core.createNamespacedServiceAccountToken({
    ...{ namespace, name },
    body: { spec: { audiences: [], expirationSeconds: lifetimeSeconds } },
  });
  return status?.token ?? '';
}

const userAt = (server: string, token: string): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', token });
  return config;
};

function writeMeshFile(file: MeshFile, verb: string, folder: string, places: readonly Place[]): string {
  const kubeconfig = {
    clusters: places.map(({ cluster, proxy }) => ({
      ...{ name: cluster.name, cluster: { server: proxy.url, 'insecure-skip-tls-verify': true } },
    })),
    users: places.map(({ cluster, token }) => ({ name: cluster.name, user: { token } })),
    contexts: places.map(({ cluster: { name } }) => ({ name, context: { cluster: name, user: name } })),
  };
  writeFileSync(join(folder, `${verb}-kubeconfig`), stringify(kubeconfig), { mode: 0o600 });
  const clusters = file.clusters.map((one) => ({
    ...{ ...one, context: one.name, kubeconfig: `./${verb}-kubeconfig` },
  }));
  const meshFile = join(folder, `${verb}-mesh.yaml`);
  writeFileSync(meshFile, stringify({ ...file, clusters }));
  return meshFile;
}

/** A role without remaining rights keeps an empty list of rules. */
async function setRights(
  { cluster, proxy, rights, account, token }: Place,
  wanted: readonly Right[],
): Promise<void> {
  const roles = (of: readonly Right[]) =>
    rightsManifests(account.name, of, account).flatMap(({ object }) => ('rules' in object ? [object] : []));
  const wantedRoles = roles(wanted);
  const changed = roles(rights).map((role) => {
    const same = wantedRoles.find(
      ({ kind, metadata }) =>
        kind === role.kind &&
        metadata?.name === role.metadata?.name &&
        metadata?.namespace === role.metadata?.namespace,
    );
    return { ...role, rules: same?.rules ?? [] };
  });
  await applyAll(cluster.api, changed);
  const config = userAt(proxy.url, token);
  const isSo = async () => {
    const checked = await checkRights(config, rights);
    const has = new Set(wanted);
    return checked.rights.every(({ right, has: now }) => now === has.has(right));
  };
  await waitUntil(isSo, `the rights of ${account.name} in ${cluster.name}`, timeouts.apiMs);
}

async function remove(
  cluster: MeshCluster,
  rights: readonly Right[],
  account: Place['account'],
): Promise<void> {
  for (const { object } of rightsManifests(account.name, rights, account).toReversed())
    await deleteIfThere(() => cluster.api.objects.delete(object));
}
