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
    // Reads the certificate of every pod, catalog's too: they may not come and go meanwhile.
    lock: 'catalog',
  },
  "All clusters share one root; workload certificates are issued by their own cluster's intermediate, with the right SPIFFE id.",
  async ({ mesh, plain }, testInfo) => {
    test.skip(plain.all.length < mesh.clusters.length, 'Not every cluster has a probe to shake hands from.');
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
