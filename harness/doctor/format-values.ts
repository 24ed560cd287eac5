/** The first few words, and the number of the others. */
export function firstFew(words: readonly string[], most = 3): string {
  const more = words.length - most;
  return more > 0 ? `${words.slice(0, most).join(', ')} and ${more} more` : words.join(', ');
}

export const dayMs = 86_400_000;
export const hourMs = 3_600_000;
const minuteMs = 60_000;

/** A duration in its largest unit of which it has at least two: days, hours, minutes or seconds. */
export function span(ms: number): string {
  const size = Math.abs(ms);
  if (size >= 2 * dayMs) return `${(size / dayMs).toFixed(0)} days`;
  if (size >= 2 * hourMs) return `${(size / hourMs).toFixed(0)} hours`;
  return size >= 2 * minuteMs ? `${(size / minuteMs).toFixed(0)} minutes` : `${(size / 1000).toFixed(0)} s`;
}

/** A fingerprint, short enough for a line. */
export const short = (fingerprint: string | undefined): string => fingerprint?.slice(0, 16) ?? 'none';

/** The pod of a proxy, which istiod names `<pod>.<namespace>`; names of pods may have dots. */
export function podRef(proxy: string): string {
  const dot = proxy.lastIndexOf('.');
  return `Pod ${proxy.slice(dot + 1)}/${proxy.slice(0, dot)}`;
}
