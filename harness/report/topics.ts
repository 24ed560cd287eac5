/** Topics in the order in which a request meets them. Other topics follow by name. */
const topicOrder = [
  'connectivity',
  'discovery',
  'balancing',
  'locality',
  'gateways',
  'security',
  'authorization',
  'resilience',
];

/** Promises grouped by topic, in the order of topics. */
export function byTopic<T extends { topic: string }>(promises: readonly T[]): [topic: string, T[]][] {
  const groups = [...Map.groupBy(promises, (one) => one.topic)];
  return groups.toSorted(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** `locality` → `Locality`. */
export function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function rank(topic: string): number {
  const place = topicOrder.indexOf(topic);
  return place < 0 ? topicOrder.length : place;
}
