import type { DeclaredCluster, ReaderAccessRecord, RemoteSecret } from '../../snapshot/schema.ts';
import { excessOf } from '../../verdict/reader-access.ts';
import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { createRemoteSecret } from '../remedies.ts';
import {
  apiProbes,
  clustersAt,
  hostOfUrl,
  isLoopback,
  perSecret,
  recreateSecret,
} from '../remote-secrets.ts';
import { dayMs, short, firstFew, span } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret';

/** The findings about a cluster that istiod cannot read. */
const unread = { pair: ['MP2202', 'MP2203', 'MP2204', 'MP2201', 'MP3501'] };
const unreachable = { pair: [...unread.pair, 'MP3404'] };

const loopback: Check = {
  code: 'MP2106',
  title: 'A remote secret has a loopback address',
  severity: 'error',
  explanation:
    'The server in the secret is a loopback address. It works on the machine where the kubeconfig was created, such as with kind or minikube. In the istiod pod it is the pod itself, so istiod never gets an answer.',
  remedy: createRemoteSecret,
  reference: 'https://github.com/istio/istio/issues/58047',
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'apiServer'],
  explains: unreachable,
  run: perSecret(function* ({ cluster, secret }) {
    const host = hostOfUrl(secret.server);
    if (host === undefined || !isLoopback(host) || secret.proxied) return;
    yield {
      evidence: [
        {
          what: 'server',
          seen: secret.server ?? '',
          expected: `the API server of ${secret.cluster}, as pods of ${cluster.name} reach it`,
        },
      ],
      cause: `The remote secret of ${cluster.name} for ${secret.cluster} has the loopback address ${host} as its server.`,
    };
  }, recreateSecret),
};

const wrongServer: Check = {
  code: 'MP2107',
  title: 'The server in a remote secret is unreachable and not an address of its cluster',
  severity: 'error',
  explanation:
    'The address in the secret is not that of the API server or of a node of the cluster. Nothing answers there from the cluster where istiod runs. Usually the cluster was rebuilt, or the address is private to another network.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'probes', 'nodes', 'apiServer', 'readerAccess', 'istiods'],
  explains: unreachable,
  run: perSecret(function* ({ cluster, secret, access }, view) {
    const host = hostOfUrl(secret.server);
    const known = view.cluster(secret.cluster);
    if (host === undefined || isLoopback(host) || secret.proxied || !known) return;
    if (clustersAt(view, secret).length > 0) return;
    const tried = apiProbes(cluster, secret.cluster).filter(({ address }) => address === host);
    const silent = tried.length > 0 && tried.every(({ tcp }) => tcp !== 'connected');
    const fromHere = tried.length === 0 && access?.namedServer === 'unreachable';
    if (!silent && !fromHere) return;
    if (fromHere) cluster.whole('probes'); // a probe from inside would decide
    if (fromHere && isSynced(cluster, secret.cluster)) return;
    yield {
      ...(fromHere ? { severity: 'info' as const } : {}),
      evidence: [
        {
          what: 'server',
          seen: secret.server ?? '',
          expected: firstFew(known.seen('nodes').flatMap(({ addresses }) => addresses)),
        },
        {
          what: fromHere ? 'request from the machine of meshproof' : `TCP from ${cluster.name}`,
          seen: tried[0]?.tcp ?? access?.namedServer ?? 'not tried',
          expected: 'connected',
        },
      ],
      cause: `The server ${secret.server} in the remote secret of ${cluster.name} is not an address of ${secret.cluster}, and does not answer.`,
    };
  }, recreateSecret),
};

const wrongAuthority: Check = {
  code: 'MP2108',
  title: 'The certificate authority in a remote secret does not match the API server',
  severity: 'error',
  explanation:
    'The certificate of the API server does not chain to the authority in the secret, so istiod does not connect. Either the cluster was rebuilt or its authority rotated without a new secret. Or the certificate does not cover the address of the server.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'probes', 'istiods', 'apiServer'],
  explains: unread,
  run: perSecret(function* ({ cluster, secret, access }, view) {
    if (secret.skipsVerification) return;
    const shown = apiProbes(cluster, secret.cluster).find(({ chain }) => chain.length > 0)?.chain ?? [];
    const foreign = secret.ca.length > 0 && shown.length > 0 && !verifies(view, shown, secret.ca);
    const fromHere = !foreign && access?.namedServer === 'notTrusted';
    if ((!foreign && !fromHere) || (fromHere && isSynced(cluster, secret.cluster))) return;
    yield {
      evidence: [
        {
          what: 'authority in the secret',
          seen:
            firstFew(
              view.certificatesOf(secret.ca).map((one) => `${one.subject} ${short(one.fingerprint)}`),
            ) || 'none',
        },
        {
          what: 'issuer of the certificate of the API server',
          seen: view.certificate(shown[0])?.issuer ?? 'not read',
        },
      ],
      cause: `The certificate authority in the remote secret of ${cluster.name} does not verify the API server of ${secret.cluster}.`,
    };
  }, recreateSecret),
};

/** All istiods have synced the other cluster. Then a failed request from this machine does not prove anything. */
const isSynced = (cluster: ClusterView, read: string): boolean =>
  cluster.istiods.length > 0 &&
  cluster
    .pages('clusters')
    .every((clusters) => clusters.some(({ id, syncStatus }) => id === read && syncStatus === 'synced'));

const verifies = (view: MeshView, chain: readonly string[], authorities: readonly string[]): boolean =>
  view
    .certificatesOf(chain)
    .some(({ fingerprint, signedBy }) => [fingerprint, ...signedBy].some((one) => authorities.includes(one)));

const invalidCredential: Check = {
  code: 'MP2109',
  title: 'The credential in a remote secret is not valid any more',
  severity: 'error',
  explanation:
    'The API server answers 401 to the credential, or the token has expired. A running istiod keeps its endpoints but does not see changes. A restarted istiod does not see the cluster at all. Usually the service account or its token was deleted or recreated.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'apiServer'],
  explains: unread,
  run: perSecret(function* ({ cluster, secret, access }, view) {
    const end = Date.parse(secret.token?.expiresAt ?? '');
    const refused = access?.status === 401;
    if (!refused && !(end < view.now)) return;
    yield {
      evidence: [
        { what: 'status of a request with it', seen: access?.status ?? 'not tried', expected: 201 },
        ...(secret.token?.expiresAt === undefined
          ? []
          : [
              {
                what: 'expiry of the token',
                seen: secret.token.expiresAt,
                expected: `after ${view.snapshot.takenAt}`,
              },
            ]),
      ],
      cause: `The credential in the remote secret of ${cluster.name} for ${secret.cluster} ${refused ? 'is rejected by the API server' : 'has expired'}.`,
    };
  }, recreateSecret),
};

const tokenExpiresSoon: Check = {
  code: 'MP2110',
  title: 'The token in a remote secret expires soon',
  severity: 'warning',
  explanation:
    'Everything works today. The token expires within seven days, or within a quarter of a shorter lifetime. istiod does not renew it. After that, istiod does not see changes in the other cluster.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'apiServer'],
  run: perSecret(function* ({ cluster, secret }, view) {
    const { issuedAt, expiresAt } = secret.token ?? {};
    const left = Date.parse(expiresAt ?? '') - view.now;
    const life = Date.parse(expiresAt ?? '') - Date.parse(issuedAt ?? '');
    const soon = Math.min(7 * dayMs, Number.isFinite(life) ? life / 4 : Infinity);
    if (!(left >= 0 && left < soon)) return;
    yield {
      evidence: [
        { what: 'expiry of the token', seen: expiresAt ?? '', expected: `more than ${span(soon)} from now` },
      ],
      cause: `The token in the remote secret of ${cluster.name} for ${secret.cluster} expires in ${span(left)}.`,
    };
  }, recreateSecret),
};

const tooLittle: Check = {
  code: 'MP2111',
  title: 'The account in a remote secret lacks permissions that istiod needs',
  severity: 'error',
  explanation:
    'istiod lists and watches services, endpoints, pods, nodes and namespaces of the other cluster. Without one of these permissions, istiod never syncs the cluster, or endpoints lack their network, locality or identity.',
  remedy:
    'kubectl --context <peer> describe clusterrole istio-reader-clusterrole-istio-system   # bind it to the account of the secret',
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  explains: unread,
  run: perSecret(function* ({ cluster, secret, access }, view) {
    const may = Object.entries(access?.may ?? {});
    const denied = may.filter(([, allowed]) => !allowed).map(([what]) => what);
    if (denied.length === 0 || access?.status === 401) return;
    yield {
      remedy: bindReader(view.cluster(secret.cluster), secret),
      evidence: [
        {
          what: `permissions, of ${may.length} that istiod needs`,
          seen: may.length - denied.length,
          expected: may.length,
        },
      ],
      cause: `The account of ${cluster.name}'s remote secret may not ${firstFew(denied)} in ${secret.cluster}.`,
    };
  }),
};

const tooMuch: Check = {
  code: 'MP2112',
  title: 'The account in a remote secret may do more than read',
  severity: 'warning',
  explanation:
    'Everything works. But everyone who can read the secret in one cluster can change the other cluster. The account of a remote secret needs only the read permissions of istiod. For a remote cluster, it also writes ConfigMaps and webhooks, as the ClusterRole istio-reader of a remote installation grants.',
  remedy:
    'kubectl --context <peer> get clusterrolebindings,rolebindings --all-namespaces -o wide | grep <account>   # remove permissions beyond istio-reader',
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  run: perSecret(function* ({ cluster, secret, access }, view) {
    // The primary of a cluster that the mesh file does not name may control it.
    const { role } = view.snapshot.declared.clusters.find(({ name }) => name === secret.cluster) ?? {
      role: 'remote',
    };
    const excess = access ? excessIn(access, role) : [];
    if (excess.length === 0) return;
    yield {
      remedy: tooMuch.remedy.replace('<account>', accountOf(secret)?.name ?? '<account>'),
      evidence: [{ what: 'permissions beyond reading', seen: excess.length, expected: 0 }],
      cause: `The account of ${cluster.name}'s remote secret may ${firstFew(excess)} in ${secret.cluster}.`,
    };
  }),
};

/** The rights beyond reading. A snapshot of an earlier version has them instead of the rules. */
const excessIn = (
  { rules, excess = [] }: ReaderAccessRecord,
  role: DeclaredCluster['role'],
): readonly string[] =>
  rules
    ? excessOf(
        rules.flatMap(({ namespaces, ...rule }) => namespaces.map((namespace) => ({ namespace, ...rule }))),
        role,
      )
    : excess;

/** The service account of a token; undefined if the credential does not name one. */
function accountOf({ token }: RemoteSecret): { namespace: string; name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([\w-]+):([\w.-]+)$/.exec(token?.subject ?? '') ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Binds the reader role of a cluster, as Istio's chart names it, to the account of a secret. */
function bindReader(peer: ClusterView | undefined, secret: RemoteSecret): string {
  const account = accountOf(secret);
  const { namespace, revision } = peer?.install ?? { namespace: 'istio-system', revision: 'default' };
  const role = `istio-reader-clusterrole${revision === 'default' ? '' : `-${revision}`}-${namespace}`;
  return account
    ? `kubectl --context <peer> create clusterrolebinding ${role}-${account.name} --clusterrole=${role} --serviceaccount=${account.namespace}:${account.name}`
    : `kubectl --context <peer> describe clusterrole ${role}   # bind it to the account of the secret`;
}

export const remoteAccessChecks = [
  loopback,
  wrongServer,
  wrongAuthority,
  invalidCredential,
  tokenExpiresSoon,
  tooLittle,
  tooMuch,
];
