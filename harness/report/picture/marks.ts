/** Positions of marks and labels that do not overlap. Pure, and without imports: see steps.ts. */

/** A mark of one event, or of several events that are close together; numbers begin at 1. */
export interface Mark {
  at: number;
  first: number;
  last: number;
}

/** Combines events that are closer than `leastGap` to the first event of a mark. `positions` are in order. */
export function gatherMarks(positions: readonly number[], leastGap: number): Mark[] {
  const marks: Mark[] = [];
  positions.forEach((at, index) => {
    const before = marks[marks.length - 1];
    if (before && at - before.at < leastGap) before.last = index + 1;
    else marks.push({ at, first: index + 1, last: index + 1 });
  });
  return marks;
}

/** Bands that are narrower than this, in CSS pixels, have edges and a label only if there are few. */
const leastLabelled = 6;
const few = 6;

/** Whether a band of that width has edges and a label, or only a colour. */
export function isLabelled(width: number, bands: number): boolean {
  return bands <= few || width >= leastLabelled;
}

/** `Fault: link cut`; only the label if it begins with the kind: `outage 3.1 s`. */
export function bandName(kind: 'fault' | 'outage', label: string): string {
  if (label.toLowerCase().startsWith(kind)) return label;
  return `${kind === 'fault' ? 'Fault' : 'Outage'}: ${label}`;
}

/** `3`, or `3–5` for a mark of several events. */
export function markText({ first, last }: Mark): string {
  return first === last ? String(first) : `${first}–${last}`;
}

/** A strip between two positions, whose label needs `width`. */
export interface Label {
  from: number;
  to: number;
  width: number;
}

/**
 * Puts each label into the first of `rows` rows in which neither the label nor its strip covers another. A label that would
 * pass `rightEdge` moves left. null: there is not enough space, and only the list below the picture has the label.
 */
export function placeLabels(
  labels: readonly Label[],
  rightEdge: number,
  rows: number,
  gap: number,
): ({ x: number; row: number } | null)[] {
  const taken: [number, number][][] = Array.from({ length: rows }, () => []);
  return labels.map(({ from, to, width }) => {
    const x = Math.max(0, Math.min(from, rightEdge - width));
    const [begin, end] = [Math.min(x, from), Math.max(x + width, to)];
    const row = taken.findIndex((spans) => spans.every(([a, b]) => end + gap <= a || begin >= b + gap));
    if (row < 0) return null;
    taken[row]!.push([begin, end]);
    return { x, row };
  });
}
