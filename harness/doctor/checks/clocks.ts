import type { Clock } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { perCluster } from '../per-cluster.ts';
import { span } from '../format-values.ts';

/** istiod dates certificates two minutes back, to tolerate slow clocks: ClockSkewGracePeriod in its pki. */
const graceMs = 120_000;
/** Half of that: a warning. */
const nearMs = graceMs / 2;

const remedy =
  'kubectl --context <cluster> debug node/<node> -it --image=busybox -- date -u   # then repair NTP on the node';
const reference = 'https://istio.io/latest/docs/ops/common-problems/security-issues/';

/** The least difference of two clocks, after their measurement errors. */
const leastDifference = (a: Clock, b: Clock): number =>
  Math.max(0, Math.abs(a.offsetMs - b.offsetMs) - a.errorMs - b.errorMs);

const clustersApart: Check = {
  code: 'MP7301',
  title: 'The clocks of two clusters differ',
  severity: 'warning',
  explanation:
    'Certificates are valid from two minutes before they are created. If the clock of a cluster is further ahead, other clusters reject its new certificates as not yet valid. Calls fail until that time has passed. Tokens and leases are affected too.',
  remedy,
  reference,
  needs: ['clocks'],
  explains: { 'source and subject': ['MP7302'] },
  run: function* (view) {
    const known = view.clusters.flatMap((cluster) => {
      const clock = cluster.seen('clocks').find(({ of }) => of === 'apiServer');
      return clock ? [{ cluster, clock }] : [];
    });
    // Compare with the clock that agrees best with this machine: it is more likely to be right.
    const [usual] = known.toSorted((a, b) => Math.abs(a.clock.offsetMs) - Math.abs(b.clock.offsetMs));
    for (const one of usual ? known : []) {
      const apart = usual ? leastDifference(one.clock, usual.clock) : 0;
      if (!usual || one === usual || apart < nearMs) continue;
      yield {
        severity: apart >= graceMs ? 'error' : 'warning',
        cluster: one.cluster.name,
        peer: usual.cluster.name,
        object: 'API server',
        // Nodes whose time is right differ from an API server whose time is wrong.
        covers: one.cluster
          .seen('clocks')
          .filter((node) => node.of === 'node' && leastDifference(node, usual.clock) < nearMs)
          .map(({ name }) => name),
        evidence: [
          {
            what: `clock of ${one.cluster.name} against that of ${usual.cluster.name}, in s`,
            seen: Math.round((one.clock.offsetMs - usual.clock.offsetMs) / 1000),
            expected: `within ${graceMs / 1000}`,
          },
        ],
        cause: `The clock of ${one.cluster.name} is ${span(apart)} ${one.clock.offsetMs > usual.clock.offsetMs ? 'ahead of' : 'behind'} that of ${usual.cluster.name}.`,
      };
    }
  },
};

const nodesApart: Check = {
  code: 'MP7302',
  title: 'The clock of a node differs from the clock of its API server',
  severity: 'warning',
  explanation:
    'Pods use the clock of their node. If it is more than two minutes behind, new certificates are not valid yet for the pods. If it is ahead, pods treat valid certificates as expired.',
  remedy,
  reference,
  needs: ['clocks'],
  run: perCluster(function* (cluster) {
    const api = cluster.seen('clocks').find(({ of }) => of === 'apiServer');
    const nodes = cluster.seen('clocks').filter(({ of }) => of === 'node');
    const apart = nodes
      .map((node) => ({ node, by: api ? leastDifference(node, api) : 0 }))
      .filter(({ by }) => by >= nearMs)
      .toSorted((a, b) => b.by - a.by);
    const worst = apart[0];
    if (!worst) return;
    yield {
      severity: worst.by >= graceMs ? 'error' : 'warning',
      object: `Node ${worst.node.name}`,
      subject: apart.map(({ node }) => node.name),
      evidence: [
        { what: 'nodes with another time', seen: apart.length, expected: 0 },
        {
          what: `clock of ${worst.node.name}, in s`,
          seen: Math.round(worst.node.offsetMs / 1000),
          expected: `within ${graceMs / 1000}`,
        },
      ],
      cause: `The clock of node ${worst.node.name} of ${cluster.name} differs by ${span(worst.by)} from the clock of its API server.`,
    };
  }),
};

export const clockChecks = [clustersApart, nodesApart];
