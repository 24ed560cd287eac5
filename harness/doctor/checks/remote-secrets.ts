import type { Check } from '../check.ts';
import { perPrimary } from '../per-cluster.ts';
import { createRemoteSecret } from '../remedies.ts';
import {
  activeSecrets,
  isActive,
  clustersAt,
  isServerOf,
  remoteSecrets,
  recreateSecret,
  secretRef,
} from '../remote-secrets.ts';
import { anyOf, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#enable-endpoint-discovery';

/** The findings in a cluster whose istiod does not read another cluster. */
const unread = { pair: ['MP2202', 'MP2204', 'MP2203', 'MP3501', 'MP2201'] };

const missing: Check = {
  code: 'MP2101',
  title: 'A cluster does not have a remote secret for another',
  severity: 'error',
  explanation:
    'istiod reads the services and pods of another cluster with the kubeconfig in a remote secret. Without the secret, its workloads do not learn of the other cluster: calls stay local, and services that exist only there are not found. Each direction needs its own secret.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'nodes', 'apiServer'],
  explains: unread,
  run: function* (view) {
    yield* separately(view.pairs(), function* ({ reader, read }) {
      // An external istiod has the name of the cluster that it serves, and reads that cluster as its own.
      if (reader.declared?.role === 'external' && reader.install?.clusterName === read) return;
      // Another check reports a secret that exists, but that istiod does not read.
      if (reader.seen('remoteSecrets').some((one) => one.cluster === read)) return;
      if (anyOf(reader.whole('remoteSecrets'), (one) => isServerOf(view, one, read))) return;
      const back = view.cluster(read);
      yield {
        cluster: reader.name,
        peer: read,
        object: `Secret ${reader.systemNamespace}/istio-remote-secret-${read}`,
        evidence: [
          { what: `remote secrets of ${reader.name} for ${read}`, seen: 0, expected: 1 },
          ...(back?.readWhole('remoteSecrets')
            ? [
                {
                  what: `remote secrets of ${read} for ${reader.name}`,
                  seen: back
                    .seen('remoteSecrets')
                    .filter((one) => one.labelled && one.cluster === reader.name).length,
                },
              ]
            : []),
        ],
        remedy: recreateSecret(view, reader, read),
        cause: `${reader.name} does not have a remote secret for ${read}, so its istiod does not read ${read}.`,
      };
    });
  },
};

const wrongNamespace: Check = {
  code: 'MP2103',
  title: 'A remote secret is in a namespace that istiod does not read',
  severity: 'error',
  explanation:
    'istiod reads remote secrets only in its own namespace. It does not read a secret in another namespace, such as default, and does not report it.',
  remedy: `${createRemoteSecret.replace('apply -f -', '-n istio-system apply -f -')}\nkubectl --context <cluster> -n <namespace> delete secret <name>`,
  reference,
  needs: ['remoteSecrets', 'installs', 'apiServer'],
  explains: unread,
  run: perPrimary(function* (reader, view) {
    for (const secret of remoteSecrets(reader)) {
      if (!secret.labelled || secret.namespace === reader.systemNamespace) continue;
      if (activeSecrets(reader).some(({ cluster }) => cluster === secret.cluster)) continue;
      yield {
        remedy: `${recreateSecret(view, reader, secret.cluster)}\nkubectl --context <cluster> -n <namespace> delete secret <name>`,
        peer: secret.cluster,
        object: secretRef(secret),
        evidence: [{ what: 'namespace', seen: secret.namespace, expected: reader.systemNamespace }],
        cause: `The remote secret of ${reader.name} for ${secret.cluster} is in ${secret.namespace}, but istiod reads only ${reader.systemNamespace}.`,
      };
    }
  }),
};

const withoutLabel: Check = {
  code: 'MP2104',
  title: 'A remote secret does not have its label',
  severity: 'error',
  explanation:
    'istiod watches secrets with the label istio/multiCluster=true. It does not read a secret without the label, even if the secret is right in every other way. Tools that copy secrets between clusters often do not copy labels.',
  remedy: 'kubectl --context <cluster> -n <namespace> label secret <name> istio/multiCluster=true',
  reference,
  needs: ['remoteSecrets', 'installs'],
  explains: unread,
  run: perPrimary(function* (reader) {
    for (const secret of remoteSecrets(reader)) {
      if (secret.labelled) continue;
      if (activeSecrets(reader).some(({ cluster }) => cluster === secret.cluster)) continue;
      yield {
        peer: secret.cluster,
        object: secretRef(secret),
        evidence: [{ what: 'label istio/multiCluster', seen: 'none', expected: 'true' }],
        cause: `The remote secret of ${reader.name} for ${secret.cluster} does not have the label istio/multiCluster=true, so istiod ignores it.`,
      };
    }
  }),
};

const wrongName: Check = {
  code: 'MP2105',
  title: 'A remote secret has another name for its cluster than the cluster itself',
  severity: 'error',
  explanation:
    'istiod registers a cluster under the key in its remote secret. The key must be the clusterName of the istiod and of the proxies of that cluster. With another name, istiod looks for gateways and endpoints of a cluster that does not exist, refuses the proxies of the cluster, and confuses locality and network.',
  remedy: createRemoteSecret,
  reference,
  needs: ['remoteSecrets', 'installs', 'nodes', 'apiServer'],
  explains: unread,
  run: perPrimary(function* (reader, view) {
    yield* separately(remoteSecrets(reader), function* (secret) {
      const [actual] = clustersAt(view, secret);
      if (actual === undefined || !isActive(reader, secret)) return;
      if (view.clusterNames.includes(secret.cluster) && isServerOf(view, secret, secret.cluster)) return;
      yield {
        peer: actual,
        object: secretRef(secret),
        remedy: `kubectl --context <cluster> -n ${secret.namespace} delete secret ${secret.name}\n${recreateSecret(view, reader, actual)}`,
        evidence: [
          { what: 'name in the secret', seen: secret.cluster, expected: actual },
          { what: 'server in the secret', seen: secret.server ?? 'none' },
        ],
        cause: `The remote secret ${secret.name} of ${reader.name} names the cluster ${actual} ${secret.cluster}.`,
      };
    });
  }),
};

const twice: Check = {
  code: 'MP2114',
  title: 'Two remote secrets name the same cluster',
  severity: 'warning',
  explanation:
    'istiod uses the first secret that names a cluster and logs an error for the other. The order may change when istiod restarts, and the credential and the server with it.',
  remedy: 'kubectl --context <cluster> -n istio-system delete secret <old secret>',
  reference,
  needs: ['remoteSecrets', 'installs', 'nodes', 'apiServer'],
  run: perPrimary(function* (reader) {
    for (const [cluster, secrets] of Map.groupBy(activeSecrets(reader), (secret) => secret.cluster)) {
      const names = [...new Set(secrets.map(({ name }) => name))];
      if (names.length < 2) continue;
      const [oldest] = secrets.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
      yield {
        peer: cluster,
        object: secretRef(secrets[0] as { namespace: string; name: string }),
        remedy: `kubectl --context <cluster> -n ${oldest?.namespace} delete secret ${oldest?.name}   # if this is the old secret`,
        evidence: [{ what: `secrets for ${cluster}`, seen: names.length, expected: 1 }],
        cause: `${reader.name} has ${names.length} remote secrets for ${cluster}: ${firstFew(names)}.`,
      };
    }
  }),
};

const ofItself: Check = {
  code: 'MP2115',
  title: 'A cluster has a remote secret for itself',
  severity: 'warning',
  explanation:
    'istiod always reads its own cluster, and ignores a remote secret that names it. The usual reason is that two contexts were confused; then the intended secret is missing in another cluster.',
  remedy: 'kubectl --context <cluster> -n <namespace> delete secret <name>',
  reference,
  needs: ['remoteSecrets', 'installs', 'nodes', 'apiServer'],
  run: perPrimary(function* (reader, view) {
    yield* separately(activeSecrets(reader), function* (secret) {
      if (secret.cluster === reader.name && !clustersAt(view, secret).some((name) => name !== reader.name))
        yield {
          object: secretRef(secret),
          evidence: [{ what: 'cluster in the secret', seen: secret.cluster, expected: 'another cluster' }],
          cause: `${reader.name} has a remote secret for itself, which istiod ignores.`,
        };
    });
  }),
};

const stranger: Check = {
  code: 'MP2116',
  title: 'A remote secret names a cluster that is not in the mesh file',
  severity: 'info',
  explanation:
    'istiod reads a cluster that the mesh file does not name. The cluster may belong to the mesh and be missing in the file. If the cluster does not exist any more, istiod tries to reach it without end, and becomes ready late when it starts.',
  remedy:
    'kubectl --context <cluster> -n <namespace> delete secret <name>   # or add the cluster to the mesh file',
  reference,
  needs: ['remoteSecrets', 'installs', 'nodes', 'apiServer'],
  run: function* (view) {
    const known = new Set(view.clusterNames);
    yield* separately(view.primaries, function* (reader) {
      yield* separately(activeSecrets(reader), function* (secret) {
        if (!known.has(secret.cluster) && clustersAt(view, secret).length === 0)
          yield {
            cluster: reader.name,
            peer: secret.cluster,
            object: secretRef(secret),
            evidence: [
              { what: 'cluster in the secret', seen: secret.cluster, expected: firstFew([...known]) },
            ],
            cause: `${reader.name} reads a cluster ${secret.cluster} that the mesh file does not name.`,
          };
      });
    });
  },
};

export const remoteSecretChecks = [
  missing,
  wrongNamespace,
  withoutLabel,
  wrongName,
  twice,
  ofItself,
  stranger,
];
