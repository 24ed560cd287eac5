/** Faults with their parameters. Each is killed between its start and the end of its healing. */
export const victims: readonly string[][] = [
  ['pods-deleted', '--cluster', 'east'],
  ['pods-killed', '--cluster', 'west'],
  ['pods-scaled-to-zero', '--cluster', 'west'],
  ['pods-slow-start', '--cluster', 'east'],
  ['pods-failing', '--cluster', 'east', '--percent', '50'],
  ['pods-late', '--cluster', 'west'],
  ['pods-hanging', '--cluster', 'east'],
  ['pods-slow', '--cluster', 'west'],
  ['gateway-deleted', '--cluster', 'west'],
  ['gateway-scaled-to-zero', '--cluster', 'east'],
  ['gateway-restarted', '--cluster', 'west'],
  ['link-partitioned', '--ports', 'data'],
  ['link-partitioned', '--ports', 'discovery', '--from', 'west', '--one-way', 'packets'],
  ['link-reset'],
  ['link-lossy', '--percent', '30'],
  ['link-narrow', '--kbit-per-second', '500'],
  ['istiod-down', '--cluster', 'west'],
  ['istiod-killed', '--cluster', 'east'],
  ['api-server-down', '--cluster', 'east'],
  ['remote-secret-revoked', '--cluster', 'west', '--to', 'east'],
  ['remote-secret-rotated', '--cluster', 'east', '--to', 'west'],
  ['remote-secret-changed', '--cluster', 'west', '--to', 'east', '--change', 'in-another-namespace'],
  ['authority-changed', '--cluster', 'east', '--change', 'another-root'],
  ['region-labels-lost', '--cluster', 'west'],
  ['cluster-frozen', '--cluster', 'east'],
  ['cluster-gone', '--cluster', 'east'],
  ['intermediate-rotated', '--cluster', 'east'],
];

/** Faults that are not killed, and why. */
export const spared: Readonly<Record<string, string>> = {
  'root-rotated': 'minutes pass from its entry in the journal to its effect and back',
  'link-delayed': 'it needs netem, which not every kernel has',
};

/** A fault that holds this long is killed before healing. A fault that holds one second is killed during healing in half of the rounds. */
const holds = ['60s', '1s'] as const;

/** Milliseconds from the first journal entry, or from the start of the process, until most faults are proven. */
const killedWithinMs = 6_000;

/** The victim of a round, and the time of its kill. */
export interface Plan {
  victim: readonly string[];
  hold: (typeof holds)[number];
  /** Start of the kill's delay: the process, or its journal entry, which precedes the first change. */
  since: 'start' | 'journal';
  killedAfterMs: number;
  /** If set, the healing is killed first, after this time. */
  healKilledAfterMs: number | undefined;
}

/** True if a killed process must have left its fault in the journal: the entry existed, and the fault outlasts the process. */
export const mustLeave = ({ since, hold }: Pick<Plan, 'since' | 'hold'>): boolean =>
  since === 'journal' && hold === '60s';

/** Numbers from 0 to 1 that a seed decides (mulberry32, Tommy Ettinger, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Endless rounds, the same for the same seed: each victim comes once before any repeats, and the first leaves its fault. */
export function* plans(seed: number): Generator<Plan, never> {
  const random = randomFrom(seed);
  for (let first = true; ;) {
    for (const victim of shuffled(victims, random)) {
      const drawn = {
        victim,
        hold: holds[random() < 0.5 ? 0 : 1],
        killedAfterMs: Math.round(random() * killedWithinMs),
        // A quarter counts from the start, because a process can be killed before its first change.
        since: random() < 1 / 4 ? 'start' : 'journal',
        healKilledAfterMs: random() < 1 / 3 ? Math.round(random() * 3_000) : undefined,
      } as const;
      yield first ? { ...drawn, hold: '60s', since: 'journal' } : drawn;
      first = false;
    }
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
