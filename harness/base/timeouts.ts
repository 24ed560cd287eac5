/**
 * Every duration that meshproof waits, in milliseconds: one table, so that a bound can be found, questioned and
 * changed in one place. Bounds that follow from a mesh's own settings are computed where they are judged.
 */
export const timeouts = {
  /** One request of a probe, from connect to the last byte. Far above any healthy answer, far below a hang. */
  requestMs: 5_000,
  /** A TCP connection of a probe. Below `requestMs`, so that an unreachable address and a silent server are distinct. */
  connectMs: 3_000,
  /** An answer, or an alert, after a TLS handshake; far above a round trip, so that a slow answer is not silence. */
  tlsListenMs: 2_000,
  /** The same where silence breaks a promise: a refusal that comes late, on a machine that is busy, is one. */
  refusalMs: 10_000,
  /** A TCP connection over the lab's link, milliseconds away: ends before a lost SYN is sent again, after 1 s. */
  linkConnectMs: 900,
  /** A look at a frozen or cut-off API server, which would answer within some 50 ms. */
  silenceMs: 1_500,
  /** A watch of an API server that was lost, until its owner has asked for it again (client-go pauses for up to a minute). */
  watchMs: 60_000,
  /** Controllers of a cluster that lost their leases while it was frozen, until they are at work again. */
  controllersMs: 45_000,
  /** A login program of a kubeconfig, which may wait for a person; with `snapshotSourceMs` no more than `snapshotMs`. */
  credentialMs: 4_000,
  /** The first answer of an API server that a snapshot is taken of; one that is silent for longer is not reachable. */
  snapshotSilenceMs: 4_000,
  /** One source of a snapshot, of a server that answers: all its lists, an istiod's pages, a proxy's dumps. */
  snapshotSourceMs: 8_000,
  /** A whole snapshot, whatever does not answer: a failed promise waits for it before the mesh is healed. */
  snapshotMs: 12_000,
  /** All logs of one cluster, a few at a time, each within `apiMs`. */
  logsMs: 60_000,
  /** The doctor after a failed promise: a snapshot and its judgement. */
  diagnosisMs: 20_000,
  /**
   * The longest that a generator of load may stand still: beyond, its requests are not evidence. It is the second of requests that proves a
   * baseline and a recovery, the finest resolution; a virtual machine whose processors are rationed stands still for longer than half of one.
   */
  generatorStallMs: 1_000,
  /** A generator of load, from the last answer to its end. */
  generatorEndMs: 5_000,
  /** The first answer of an API server that is asked for the rights of an account. */
  rightsMs: 5_000,
  /** A call to an API server or a debug endpoint. */
  apiMs: 10_000,
  /** The pause between two polls of the same condition. */
  pollMs: 150,
  /** Configuration from an API server to every proxy of the mesh (istiod debounces for up to 10 s under load). */
  propagationMs: 20_000,
  /** A pod from creation to ready, its image being on the node. */
  podReadyMs: 60_000,
  /** Workloads in a mesh of someone's own, whose nodes may have to pull their image first. */
  deployMs: 180_000,
  /** A namespace with all that is in it, from its deletion until it is gone; pods may take half a minute to end. */
  namespaceGoneMs: 120_000,
  /** A pod's endpoint, from ready in one cluster to every proxy of another. */
  endpointMs: 15_000,
  /** Until every load of an experiment is served as wanted, before anything is broken: hosts that were ejected come back meanwhile. */
  baselineMs: 30_000,
  /** Restoring the objects of a test and the earlier state of the mesh: Playwright grants an orphaned worker 30 s. */
  healMs: 25_000,
  /** A change that took longer than its bound, until it has ended: the longest that a single step of one waits. */
  lateMs: 60_000,
  /** A run whose command was killed, until its tests are interrupted, their fixtures have healed and its report is written. */
  orphanMs: 120_000,
  /** Docker, from a request that lost its client to what it makes of it. */
  settleMs: 1_000,
  /** The same for a node, whose volume Docker first fills with a gigabyte of images; it shows only after that, two at once after more than 12 s. */
  cutOffMs: 30_000,
  /** A defect of a self-test, from its proof until proxies and istiods show all of it, where it says nothing else. */
  defectSettleMs: 3_000,
  /** The readiness gate of a promise that is tried on a mesh with a defect: it shall be judged, not waited for. */
  defectGateMs: 3_000,
  /** A mesh that was healed, until every proxy and the doctor see that: pods that were replaced may have to start. */
  healthyMs: 90_000,
  /** One command of istioctl in a self-test; on a healthy lab each takes less than one second. */
  istioctlMs: 10_000,
  /** The docker engine, from start to its first answer. */
  engineStartMs: 30_000,
  /** A load of a test that has no timeout. */
  experimentMs: 600_000,
  /** A kind cluster, from nothing to its API server's answer: some ten times what it takes on two quiet cores. */
  clusterMs: 300_000,
  /** One command of Docker's, or one call of `up` to an API server, that is done in a moment: only a hang takes so long. */
  commandMs: 120_000,
  /** A command of Docker's that moves or makes an image: pulled over a slow line, or built on two busy cores. */
  imageMs: 1_800_000,
  /** Work in the cache that has not ended after this was killed; the longest takes half an hour. */
  abandonedMs: 86_400_000,
  /** A mesh whose problems stay the same for this long does not become ready: longer than istiod waits for a silent cluster (30 s). */
  notReadyMs: 45_000,
  /** The whole lab, from workloads applied to every proxy knowing what the topology says. */
  readinessMs: 120_000,
} as const;
