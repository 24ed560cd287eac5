const unitsMs = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000_001 } as const;

/** Whether a text is a duration in Go's format. */
export const isDuration = (text: string): boolean => /^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text);

/**
 * Milliseconds of a duration in Go's format (`1m30s`, `100ms`), which Istio's settings use.
 *
 * @throws Error that quotes a text which is not a duration.
 */
export function durationMs(text: string): number {
  if (!isDuration(text)) throw new Error(`"${text}" is not a duration. Write it like 1m30s.`);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)];
  return parts.reduce(
    (sum, [, value, unit]) => sum + Number(value) * unitsMs[unit as keyof typeof unitsMs],
    0,
  );
}
