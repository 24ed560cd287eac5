import type { Certificate } from '../../snapshot/schema.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { authorityOf, pathOfAuthority, secretOf, type UsedAuthority } from '../trust.ts';
import { fromReadable, separately } from '../unread.ts';
import { pathTo } from './chains.ts';
import { heldBy, shownBy, verification } from './workload-certificates.ts';

/** A certificate between workloads and a root of their cluster. */
export interface AuthorityCertificate {
  cluster: ClusterView;
  certificate: Certificate;
  /** Workloads show certificates below it; otherwise it is in a Secret only. */
  isServed: boolean;
  /** The Secret that has it; otherwise the first pod that shows it. */
  object: string;
}

/**
 * Every certificate between the workloads of a cluster and their root, and between the authority in its Secret and its root. A
 * certificate that another cluster has in its Secret is left out for a cluster without an authority, such as a remote cluster.
 */
export function* authorityCertificates(view: MeshView): Iterable<AuthorityCertificate> {
  const written = new Set(
    fromReadable(view.clusters, (cluster) => {
      const used = authorityOf(view, cluster);
      return used ? writtenPath(view, used) : [];
    }),
  );
  yield* separately(view.clusters, function* (cluster) {
    const used = authorityOf(view, cluster);
    const own = new Set(used ? writtenPath(view, used) : []);
    const served = servedBy(view, cluster);
    for (const [certificate, pod] of served)
      if (own.has(certificate) || !written.has(certificate))
        yield {
          ...{ cluster, certificate, isServed: true },
          object: used && own.has(certificate) ? secretOf(used) : `Pod ${pod}`,
        };
    for (const certificate of own)
      if (used && !served.has(certificate))
        yield { cluster, certificate, isServed: false, object: secretOf(used) };
  });
}

/** The certificate of an authority and those above it. Without a path to a root, the certificate alone. */
const writtenPath = (view: MeshView, used: UsedAuthority): Certificate[] =>
  pathOfAuthority(view, used) ?? (used.signing ? [used.signing] : []);

/** The certificates above those that proxies show, each with the first pod below it, `namespace/name`. */
function servedBy(view: MeshView, cluster: ClusterView): Map<Certificate, string> {
  const roots = heldBy(view, cluster).flatMap((one) => one.roots);
  const served = new Map<Certificate, string>();
  for (const { chain, proxies } of shownBy(view, cluster)) {
    const [leaf, ...shown] = chain;
    const [proxy] = proxies;
    if (!leaf || !proxy) continue;
    const path = pathTo(view, leaf, verification(roots, chain));
    for (const one of path?.slice(1) ?? shown)
      if (!served.has(one)) served.set(one, keyOf({ namespace: proxy.namespace, name: proxy.pod }));
  }
  return served;
}
