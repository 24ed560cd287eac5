/**
 * Reads specs of any shape: they come from an API server without validation, and a strange spec must not stop the doctor.
 */
export type Table = Readonly<Record<string, unknown>>;

export const table = (value: unknown): Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Table) : {};

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const tables = (value: unknown): Table[] => list(value).map(table);

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const texts = (value: unknown): string[] => list(value).filter((one) => typeof one === 'string');

export const numeric = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** The string values of a table: labels. */
export function labels(value: unknown): Record<string, string> {
  const strings = Object.entries(table(value)).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(strings);
}

/** A value as text that does not depend on the order of keys, for comparing. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`;
}
