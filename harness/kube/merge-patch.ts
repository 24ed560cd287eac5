export type Table = Readonly<Record<string, unknown>>;

export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Applies a JSON merge patch to a value (https://www.rfc-editor.org/rfc/rfc7386#section-2). Changes neither. */
export function mergePatch(value: unknown, patch: unknown): unknown {
  if (!isTable(patch)) return patch;
  const merged: Record<string, unknown> = isTable(value) ? { ...value } : {};
  for (const [key, part] of Object.entries(patch))
    if (part === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], part);
  return merged;
}
