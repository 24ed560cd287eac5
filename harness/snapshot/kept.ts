import { createHmac, randomBytes } from 'node:crypto';

/**
 * How a snapshot keeps a field. `keep`: a name, number or setting in clear. `hash`: a hash of the value. An expression: a text in clear
 * if it matches. A table: a rule for each field by name, with `*` for every other name. A list is kept element by element.
 */
export type Kept = 'keep' | 'hash' | RegExp | KeptTable | KeptByKey;
export interface KeptTable {
  readonly [field: string]: Kept;
}

/** A table whose field `key` decides how its other fields are kept. A key that is not listed is hashed with them. */
export class KeptByKey {
  readonly tables: Readonly<Record<string, KeptTable>>;
  constructor(tables: Readonly<Record<string, KeptTable>>) {
    this.tables = tables;
  }
}

/** Replaces a value by a token that is the same for the same value. */
export type Hash = (value: unknown) => string;

/**
 * A hash for one snapshot. Its key is random and is never written, so that values cannot be guessed from their tokens.
 * A token has 64 bits: of 100,000 values two look alike with a probability of 3 in 10 billion.
 */
export function snapshotHash(): Hash {
  const key = randomBytes(32);
  return (value) => {
    const text = JSON.stringify(value, inOrder) ?? '';
    return `hash:${createHmac('sha256', key).update(text).digest('hex').slice(0, 16)}`;
  };
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** The same text for the same table, independent of the order of its fields. */
const inOrder = (_name: string, value: unknown) =>
  isTable(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value;

/**
 * A copy of a value with the fields that a table lists. All other fields of an object become one hash, under the name
 * `other`: a difference between two clusters remains visible. A value of another shape than its table is hashed.
 */
export function kept(value: unknown, as: Kept, hash: Hash): unknown {
  if (value === null || value === undefined) return value;
  if (as === 'hash') return hash(value);
  if (Array.isArray(value)) return value.map((each) => kept(each, as, hash));
  if (as === 'keep') return isTable(value) ? hash(value) : value;
  if (as instanceof RegExp) return typeof value === 'string' && as.test(value) ? value : hash(value);
  if (!isTable(value)) return hash(value);
  const table = as instanceof KeptByKey ? own(as.tables, String(value['key'])) : as;
  if (!table) return hash(value);
  const entries = Object.entries(value).map(
    ([name, each]) => [name, each, own(table, name) ?? table['*']] as const,
  );
  const others = entries.flatMap(([name, each, field]) => (field ? [] : [[name, each]]));
  return Object.fromEntries([
    ...entries.flatMap(([name, each, field]) => (field ? [[name, kept(each, field, hash)]] : [])),
    ...(others.length > 0 ? [['other', hash(Object.fromEntries(others))]] : []),
  ]);
}
