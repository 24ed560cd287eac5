import type { Clock } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { perCluster } from '../per-cluster.ts';
import { span } from '../format-values.ts';

/** istiod dates certificates two minutes back, to bear with clocks that are behind: ClockSkewGracePeriod in its pki. */
const graceMs = 120_000;
/** Half of that: time is running out. */
const nearMs = graceMs / 2;

const remedy =
  'kubectl --context <cluster> debug node/<node> -it --image=busybox -- date -u   # then see why NTP does not work there';
const reference = 'https://istio.io/latest/docs/ops/common-problems/security-issues/';

/** How far two clocks are surely apart: what their errors leave. */
const surelyApart = (a: Clock, b: Clock): number =>
  Math.max(0, Math.abs(a.offsetMs - b.offsetMs) - a.errorMs - b.errorMs);

const clustersApart: Check = {
  code: 'MP7301',
  title: 'The clocks of two clusters are apart',
  severity: 'warning',
  explanation:
    'Certificates are valid from two minutes before they are made. Where a cluster’s clock is more than that ahead of another’s, its new certificates are "not yet valid" there, and calls fail for as long as the difference is; tokens and leases suffer as well.',
  remedy,
  reference,
  needs: ['clocks'],
  explains: { cluster: ['MP7302'] },
  run: function* (view) {
    const known = view.clusters.flatMap((cluster) => {
      const clock = cluster.seen('clocks').find(({ of }) => of === 'apiServer');
      return clock ? [{ cluster, clock }] : [];
    });
    // Against the one that agrees best with ours, not each with each: of two, it is likelier to be right.
    const [usual] = known.toSorted((a, b) => Math.abs(a.clock.offsetMs) - Math.abs(b.clock.offsetMs));
    for (const one of usual ? known : []) {
      const apart = usual ? surelyApart(one.clock, usual.clock) : 0;
      if (!usual || one === usual || apart < nearMs) continue;
      yield {
        severity: apart >= graceMs ? 'error' : 'warning',
        cluster: one.cluster.name,
        peer: usual.cluster.name,
        object: 'API server',
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
  title: 'The clock of a node is apart from its API server’s',
  severity: 'warning',
  explanation:
    'Pods use the clock of their node. Where it is more than two minutes behind, certificates that istiod has just made are not valid yet for them; where it is ahead, they take valid ones for ended.',
  remedy,
  reference,
  needs: ['clocks'],
  run: perCluster(function* (cluster) {
    const api = cluster.seen('clocks').find(({ of }) => of === 'apiServer');
    const nodes = cluster.seen('clocks').filter(({ of }) => of === 'node');
    const apart = nodes
      .map((node) => ({ node, by: api ? surelyApart(node, api) : 0 }))
      .filter(({ by }) => by >= nearMs)
      .toSorted((a, b) => b.by - a.by);
    const worst = apart[0];
    if (!worst) return;
    yield {
      severity: worst.by >= graceMs ? 'error' : 'warning',
      object: `Node ${worst.node.name}`,
      evidence: [
        { what: 'nodes that are apart', seen: apart.length, expected: 0 },
        {
          what: `of ${worst.node.name}, in s`,
          seen: Math.round(worst.node.offsetMs / 1000),
          expected: `within ${graceMs / 1000}`,
        },
      ],
      cause: `The clock of node ${worst.node.name} of ${cluster.name} is ${span(worst.by)} apart from its API server's.`,
    };
  }),
};

export const clockChecks = [clustersApart, nodesApart];
