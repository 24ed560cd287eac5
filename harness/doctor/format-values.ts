/** The first few words, and the number of the others. */
export function firstFew(words: readonly string[], most = 3): string {
  const more = words.length - most;
  return more > 0 ? `${words.slice(0, most).join(', ')} and ${more} more` : words.join(', ');
}

export const dayMs = 86_400_000;

/** Whole days; hours below two days, minutes below two hours, seconds below two minutes. */
export function span(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 2 * dayMs) return `${(size / dayMs).toFixed(0)} days`;
  if (size >= 7_200_000) return `${(size / 3_600_000).toFixed(0)} hours`;
  return size >= 120_000 ? `${(size / 60_000).toFixed(0)} minutes` : `${(size / 1000).toFixed(0)} s`;
}

/** A fingerprint, short enough for a line. */
export const short = (fingerprint: string | undefined): string => fingerprint?.slice(0, 16) ?? 'none';
