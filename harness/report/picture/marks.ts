/** Where marks and labels stand so that none covers another. Pure, and without imports: see steps.ts. */

/** Events that stand too close to be told apart share a mark; numbers begin at 1. */
export interface Mark {
  at: number;
  first: number;
  last: number;
}

/** One mark for events at `positions`, in order, that are closer than `leastGap` to the mark's first. */
export function gatherMarks(positions: readonly number[], leastGap: number): Mark[] {
  const marks: Mark[] = [];
  positions.forEach((at, index) => {
    const before = marks[marks.length - 1];
    if (before && at - before.at < leastGap) before.last = index + 1;
    else marks.push({ at, first: index + 1, last: index + 1 });
  });
  return marks;
}

/** Bands that are narrower than this, in CSS pixels, are told from one another only where they are few. */
const leastTold = 6;
const few = 6;

/** Whether a band of that width is drawn with its edges and its name, or only as a stretch of colour. */
export function isTold(width: number, bands: number): boolean {
  return bands <= few || width >= leastTold;
}

/** `Fault: link cut`; the label alone where it says what it is: `outage 3.1 s`. */
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
 * A place for each label in the first of `rows` rows where neither it nor its strip covers another, moved left where it
 * would pass `rightEdge`; null where there is none: whoever draws leaves it out, as the list below the picture has it too.
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
