import { z } from 'zod';
import { timeouts } from '../base/timeouts.ts';
import { KubeReader } from '../kube/kube-reader.ts';
import type { Mesh, MeshCluster } from '../mesh/attach.ts';
import type { CertificateBook } from './certificate-book.ts';
import { clockOffset, shortestRoundTrip } from './clock-offset.ts';
import { Gaps } from './gaps.ts';
import type { Hash } from './kept.ts';
import { readLists, type Lists } from './lists.ts';
import { observePods, type Observed } from './observe.ts';
import { probeOthers, type Prober } from './probing.ts';
import { readAccess } from './reader-access.ts';
import { withoutQuery } from './redact.ts';
import { remoteSecretRecords } from './remote-secret.ts';
import type { ClusterSnapshot, Declared, Limits } from './schema.ts';
import { authorityRecord, readSecrets } from './secrets.ts';
import { sources } from './shape-basics.ts';
import { authority, remoteSecret } from './shape-istio.ts';

/** Reports the part of a cluster that is read now; "done" is the last part. */
export type OnProgress = (cluster: string, part: string) => void;

/** The state that all clusters share. */
export interface CollectContext {
  mesh: Mesh;
  declared: Declared;
  limits: Limits;
  book: CertificateBook;
  /** The hash of values that are not kept in clear. */
  hash: Hash;
  prober: Prober | undefined;
  /** By name: whether the API server of a cluster does not answer; absent until that is known. */
  silent: Map<string, boolean>;
  /** The start of the snapshot, by `performance.now()`. */
  startMs: number;
  onProgress: OnProgress;
}

/**
 * Reads one cluster: the lists of its API server, then its istiods, proxies and secrets, and at last its connections to other clusters.
 * Does not throw if a part cannot be read.
 */
export async function collectCluster(
  cluster: MeshCluster,
  context: CollectContext,
): Promise<ClusterSnapshot> {
  const { declared, limits, book } = context;
  const gaps = new Gaps();
  const progress = (part: string) => context.onProgress(cluster.name, part);
  using reader = new KubeReader(cluster.api.config, limits.sourceMs, timeouts.snapshotSilenceMs);
  progress('objects');
  const { kubernetes, ...lists } = await readLists(reader, declared.rootNamespace, context, gaps);
  const isSilent = reader.clock.length === 0;
  context.silent.set(cluster.name, isSilent);
  if (isSilent) {
    progress('done');
    return unreachable(cluster.name, gaps);
  }
  progress('istiods, proxies and Secrets');
  const { pods, services } = lists;
  const observed = observePods({
    ...{ cluster, declared, pods, services, limits, book, gaps },
    deadlineMs: leftMs(context),
  });
  const { access, ...secrets } = await readFromSecrets(reader, lists, context, gaps);
  const probing = async () => {
    const istiods = await observed.istiods;
    progress('connections and proxies');
    const question = {
      ...{ ...context, ...secrets, cluster, pods, services, istiods },
      deadlineMs: leftMs(context),
    };
    return probeOthers(question, book, gaps);
  };
  const [readerAccess, istiods, proxies, probes] = await Promise.all([
    access,
    observed.istiods,
    observed.proxies,
    gaps.attempt('probes', probing, []),
  ]);
  progress('done');
  const apiServer = {
    url: withoutQuery(reader.server),
    version: kubernetes ?? '',
    roundTripMs: shortestRoundTrip(reader.clock),
  };
  return {
    name: cluster.name,
    reachable: true,
    missing: gaps.list,
    apiServer,
    clocks: clocksOf(reader, observed.clocks),
    ...lists,
    ...secrets,
    ...{ readerAccess, istiods, proxies, probes },
  };
}

/** The timeout of the next source: at most `sourceMs`, and not beyond the end of the snapshot. */
const leftMs = ({ limits, startMs }: CollectContext) =>
  Math.max(1, Math.floor(Math.min(limits.sourceMs, timeouts.snapshotMs - (performance.now() - startMs))));

/** The authorities and remote secrets; `access`, which asks other clusters, is still pending when this resolves. */
async function readFromSecrets(
  reader: KubeReader,
  lists: Pick<Lists, 'installs'>,
  context: CollectContext,
  gaps: Gaps,
): Promise<
  Pick<ClusterSnapshot, 'authorities' | 'remoteSecrets'> & {
    access: Promise<ClusterSnapshot['readerAccess']>;
  }
> {
  const { mesh, declared, book, silent } = context;
  const places = new Set([declared.rootNamespace, ...lists.installs.map(({ namespace }) => namespace)]);
  const found = await readSecrets(reader, [...places], gaps);
  const remotes = found.remotes.flatMap((secret) =>
    gaps
      .records('remoteSecrets', [secret], z.array(remoteSecret), (one) => remoteSecretRecords(one, book))
      .flat()
      .map((record) => ({ secret, record })),
  );
  const namespaces = [...new Set([...places, declared.namespace, 'default', 'kube-system'])];
  // istiod reads only these secrets. A secret in another namespace may belong to anyone.
  const asked = remotes
    .filter(({ record }) => record.labelled && places.has(record.namespace))
    .map(({ secret, record }) => {
      const target = mesh.clusters.find(({ name }) => name === record.cluster);
      const isSilent = () => silent.get(record.cluster) ?? false;
      const question = { secret, record, target, namespaces, isSilent, leftMs: () => leftMs(context) };
      const of = `${record.namespace}/${record.name}`;
      return gaps.attempt('readerAccess', () => readAccess(question, gaps), [], of);
    });
  return {
    authorities: gaps.records('authorities', found.authorities, authority, (secret) =>
      authorityRecord(secret, book),
    ),
    remoteSecrets: remotes.map(({ record }) => record),
    access: Promise.all(asked).then((all) => all.flat()),
  };
}

function clocksOf(reader: KubeReader, nodes: Observed['clocks']): ClusterSnapshot['clocks'] {
  const all = [
    clockOffset(reader.clock, { of: 'apiServer', name: '' }),
    ...[...nodes].map(([name, readings]) => clockOffset(readings, { of: 'node', name })),
  ];
  return all.filter((clock) => clock !== undefined);
}

/** The record of a cluster that did not answer any request. */
function unreachable(name: string, gaps: Gaps): ClusterSnapshot {
  const { reason, why } = gaps.list[0] ?? { reason: 'failed', why: 'no request was sent' };
  // Without a credential no request was sent, so the server may be healthy.
  const known = reason === 'timeout' || reason === 'noWay' ? reason : 'unreachable';
  return {
    name,
    reachable: false,
    unreachable: why,
    missing: sources.map((what) => ({ what, reason: known, why })),
    ...{ clocks: [], installs: [], namespaces: [], services: [], pods: [], workloads: [], nodes: [] },
    ...{ serviceAccounts: [], resourceKinds: [], resources: [], authorities: [], roots: [], webhooks: [] },
    ...{ remoteSecrets: [], readerAccess: [], istiods: [], proxies: [], probes: [] },
  };
}
