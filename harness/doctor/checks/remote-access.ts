import type { ReaderAccessRecord } from '../../snapshot/schema.ts';
import { excessOf } from '../../verdict/reader-access.ts';
import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perItem } from '../per-cluster.ts';
import {
  apiProbes,
  hostOfUrl,
  isLoopback,
  clustersAt,
  secretRef,
  secretsWithAccess,
} from '../remote-secrets.ts';
import { dayMs, short, firstFew, span } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-create-remote-secret';
const make =
  'istioctl create-remote-secret --context <read cluster> --name <read cluster> --server https://<API server> | kubectl --context <cluster> apply -f -';

/** What a cluster looks like whose API server istiod cannot read. */
const unread = { pair: ['MP2202', 'MP2203', 'MP2204', 'MP2201', 'MP3501'] };
const unreachable = { pair: [...unread.pair, 'MP3404'] };

const loopback: Check = {
  code: 'MP2106',
  title: 'A remote secret leads istiod to itself',
  severity: 'error',
  explanation:
    'The server in the secret is a loopback address: right on the machine where the kubeconfig was made (kind, minikube, a tunnel), and the istiod pod itself where it is used. istiod never gets an answer.',
  remedy: make,
  reference: 'https://github.com/istio/istio/issues/58047',
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  explains: unreachable,
  run: perItem(secretsWithAccess, function* ({ cluster, secret }) {
    const host = hostOfUrl(secret.server);
    if (host === undefined || !isLoopback(host)) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        {
          what: 'server',
          seen: secret.server ?? '',
          expected: `the API server of ${secret.cluster}, as pods of ${cluster.name} reach it`,
        },
      ],
      cause: `The remote secret of ${cluster.name} for ${secret.cluster} has the loopback address ${host} as its server.`,
    };
  }),
};

const wrongServer: Check = {
  code: 'MP2107',
  title: 'The server in a remote secret cannot be reached, and is no address of the cluster that it names',
  severity: 'error',
  explanation:
    'The address in the secret is neither that of a node of the cluster nor that of its API server, and nothing answers there from where istiod runs. It is usually an address from before the cluster was rebuilt, or one that is private to another network.',
  remedy: make,
  reference,
  needs: ['remoteSecrets', 'installs', 'probes', 'nodes', 'apiServer', 'readerAccess', 'istiods'],
  explains: unreachable,
  run: perItem(secretsWithAccess, function* ({ cluster, secret, access }, view) {
    const host = hostOfUrl(secret.server);
    const known = view.cluster(secret.cluster);
    if (host === undefined || isLoopback(host) || !known || clustersAt(view, secret).length > 0) return;
    const tried = apiProbes(cluster, secret.cluster).filter(({ address }) => address === host);
    const silent = tried.length > 0 && tried.every(({ tcp }) => tcp !== 'connected');
    const fromHere = tried.length === 0 && access?.namedServer === 'unreachable';
    if (!silent && !fromHere) return;
    if (fromHere) cluster.whole('probes'); // a probe from inside would decide
    if (fromHere && isSynced(cluster, secret.cluster)) return;
    yield {
      ...(fromHere ? { severity: 'info' as const } : {}),
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        {
          what: 'server',
          seen: secret.server ?? '',
          expected: firstFew(known.seen('nodes').flatMap(({ addresses }) => addresses)),
        },
        {
          what: fromHere ? 'asked from where the doctor runs' : 'TCP from there',
          seen: tried[0]?.tcp ?? access?.namedServer ?? 'not tried',
          expected: 'connected',
        },
      ],
      cause: `The server ${secret.server} in the remote secret of ${cluster.name} is no address of ${secret.cluster}, and nothing answers there.`,
    };
  }),
};

const wrongAuthority: Check = {
  code: 'MP2108',
  title: 'The certificate authority in a remote secret is not that of the API server',
  severity: 'error',
  explanation:
    'The API server answers, but its certificate does not lead to the authority in the secret, so istiod refuses to speak to it. It comes about when a cluster was rebuilt, or its authority rotated, and the secret was not made anew; or when the server is named by an address that is not in its certificate.',
  remedy: make,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess', 'probes', 'istiods'],
  explains: unread,
  run: perItem(secretsWithAccess, function* ({ cluster, secret, access }, view) {
    if (secret.skipsVerification) return;
    const shown = apiProbes(cluster, secret.cluster).find(({ chain }) => chain.length > 0)?.chain ?? [];
    const foreign = secret.ca.length > 0 && shown.length > 0 && !verifies(view, shown, secret.ca);
    const fromHere = !foreign && access?.namedServer === 'notTrusted';
    if ((!foreign && !fromHere) || (fromHere && isSynced(cluster, secret.cluster))) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        {
          what: 'authority in the secret',
          seen:
            firstFew(
              view.certificatesOf(secret.ca).map((one) => `${one.subject} ${short(one.fingerprint)}`),
            ) || 'none',
        },
        {
          what: 'issuer that the API server shows',
          seen: view.certificate(shown[0])?.issuer ?? 'not read',
        },
      ],
      cause: `The API server of ${secret.cluster} is not trusted with the certificate authority in the remote secret of ${cluster.name}.`,
    };
  }),
};

/** Every istiod that was read says that it has read the other cluster: then what the doctor's own machine sees of it proves nothing. */
const isSynced = (cluster: ClusterView, read: string): boolean =>
  cluster.istiods.length > 0 &&
  cluster
    .pages('clusters')
    .every((clusters) => clusters.some(({ id, syncStatus }) => id === read && syncStatus === 'synced'));

const verifies = (view: MeshView, chain: readonly string[], authorities: readonly string[]): boolean =>
  view
    .certificatesOf(chain)
    .some(({ fingerprint, signedBy }) => [fingerprint, ...signedBy].some((one) => authorities.includes(one)));

const deadToken: Check = {
  code: 'MP2109',
  title: 'The credential in a remote secret is dead',
  severity: 'error',
  explanation:
    'The API server answers 401 to it, or the token is past its end. An istiod that runs keeps what it read and hears of no change; one that restarts does not see the cluster at all. It comes about when the service account or its token secret was deleted or made anew.',
  remedy: make,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  explains: unread,
  run: perItem(secretsWithAccess, function* ({ cluster, secret, access }, view) {
    const end = Date.parse(secret.token?.expiresAt ?? '');
    const refused = access?.status === 401;
    if (!refused && !(end < view.now)) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        { what: 'status of a question in its name', seen: access?.status ?? 'not asked', expected: 201 },
        ...(secret.token?.expiresAt === undefined
          ? []
          : [
              {
                what: 'end of the token',
                seen: secret.token.expiresAt,
                expected: `after ${view.snapshot.takenAt}`,
              },
            ]),
      ],
      cause: `The credential in the remote secret of ${cluster.name} for ${secret.cluster} ${refused ? 'is refused by the API server' : 'has ended'}.`,
    };
  }),
};

const tokenEndsSoon: Check = {
  code: 'MP2110',
  title: 'The token in a remote secret ends soon',
  severity: 'warning',
  explanation:
    'Everything works today. The token ends within seven days, or, where it lives less than that, within a quarter of its life; istiod does not renew what is in a remote secret. From then on no change in the other cluster is heard of.',
  remedy: make,
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  run: perItem(secretsWithAccess, function* ({ cluster, secret }, view) {
    const { issuedAt, expiresAt } = secret.token ?? {};
    const left = Date.parse(expiresAt ?? '') - view.now;
    const life = Date.parse(expiresAt ?? '') - Date.parse(issuedAt ?? '');
    const soon = Math.min(7 * dayMs, Number.isFinite(life) ? life / 4 : Infinity);
    if (!(left >= 0 && left < soon)) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        { what: 'end of the token', seen: expiresAt ?? '', expected: `more than ${span(soon)} from now` },
      ],
      cause: `The token in the remote secret of ${cluster.name} for ${secret.cluster} ends in ${span(left)}.`,
    };
  }),
};

const tooLittle: Check = {
  code: 'MP2111',
  title: 'The account in a remote secret may not read what istiod needs',
  severity: 'error',
  explanation:
    'istiod lists and watches services, endpoints, pods, nodes and namespaces of the other cluster. Where the account may not do one of these, the cluster is never synced, or endpoints lack their network, locality or identity.',
  remedy:
    'kubectl --context <read cluster> describe clusterrole istio-reader-clusterrole-istio-system   # bind it to the account of the secret',
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  explains: unread,
  run: perItem(secretsWithAccess, function* ({ cluster, secret, access }) {
    const may = Object.entries(access?.may ?? {});
    const denied = may.filter(([, allowed]) => !allowed).map(([what]) => what);
    if (denied.length === 0 || access?.status === 401) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [
        {
          what: `may, of ${may.length} things that istiod needs`,
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
    'Everything works. But whoever reads the secret in one cluster can change the other one: the remote secret is a kubeconfig, and its account should do nothing but read what istiod reads.',
  remedy:
    'kubectl --context <read cluster> get clusterrolebindings -o wide | grep <account>   # take away what is more than istio-reader',
  reference,
  needs: ['remoteSecrets', 'installs', 'readerAccess'],
  run: perItem(secretsWithAccess, function* ({ cluster, secret, access }) {
    const excess = access ? excessIn(access) : [];
    if (excess.length === 0) return;
    yield {
      peer: secret.cluster,
      object: secretRef(secret),
      evidence: [{ what: 'permissions beyond reading', seen: excess.length, expected: 0 }],
      cause: `The account of ${cluster.name}'s remote secret may ${firstFew(excess)} in ${secret.cluster}.`,
    };
  }),
};

/** Rights beyond reading; a snapshot of an earlier version has them in place of the rules. */
const excessIn = ({ rules, excess = [] }: ReaderAccessRecord): readonly string[] =>
  rules
    ? excessOf(
        rules.flatMap(({ namespaces, ...rule }) => namespaces.map((namespace) => ({ namespace, ...rule }))),
      )
    : excess;

export const remoteAccessChecks = [
  loopback,
  wrongServer,
  wrongAuthority,
  deadToken,
  tokenEndsSoon,
  tooLittle,
  tooMuch,
];
