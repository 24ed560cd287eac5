import {
  hold,
  holdAll,
  judgeEach,
  judgeIdentities,
  judgeSharedRoot,
  promise,
  readTrust,
  test,
} from '../../harness/index.ts';

promise(
  {
    id: 'SEC-01',
    level: 'core',
    references: [
      'https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/',
      'https://istio.io/latest/docs/ops/deployment/deployment-models/#trust-within-a-mesh',
      'https://istio.io/latest/docs/concepts/security/#istio-identity',
    ],
    disturbs: 'nothing',
    // Reads the certificate of every pod, including catalog: its pods must not change at the same time.
    lock: 'catalog',
  },
  "All clusters share one root, and each cluster's own intermediate issues workload certificates with the right SPIFFE id.",
  async ({ mesh, plain }, testInfo) => {
    test.skip(
      plain.all.length < mesh.clusters.length,
      'Certificates cannot be read: a cluster has no probe without a sidecar.',
    );
    const trusts = await Promise.all(plain.all.map((observer) => readTrust(mesh, observer)));

    const now = new Date();
    const identities = await judgeEach(
      trusts,
      ({ cluster }) => cluster,
      (trust) => Promise.resolve(judgeIdentities(trust, now)),
    );
    hold(testInfo, judgeSharedRoot(trusts, now));
    holdAll(testInfo, identities);
  },
);
