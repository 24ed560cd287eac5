import { z } from 'zod';
import type { Edit } from './edits.ts';

const values = z.record(z.string(), z.string().nullable());

/** The labels and annotations that edits of an object write: by name their new value, null for removed. */
export const editedMetadataSchema = z.object({
  labels: values,
  annotations: values,
  /**
   * Whether other entries can be gone, too: server-side apply removes fields that it wrote before and that the
   * manifest lacks.
   */
  unnamed: z.boolean(),
});

export type EditedMetadata = z.infer<typeof editedMetadataSchema>;

const plain = z.strictObject({
  ...{ name: z.string().optional(), namespace: z.string().optional() },
  ...{ labels: values.default({}), annotations: values.default({}) },
});

/** The metadata that the edits of an object write; undefined if they can change any of it. */
export function editedMetadataOf(edits: readonly Edit[]): EditedMetadata | undefined {
  // An object that is deleted and created again loses its metadata.
  if (edits.length > 1 && edits.some(({ op }) => op === 'delete')) return undefined;
  const written = edits.map((edit) => plain.safeParse(metadataIn(edit) ?? {}).data);
  const known = written.filter((one) => one !== undefined);
  if (known.length < written.length) return undefined;
  return {
    labels: Object.assign({}, ...known.map(({ labels }) => labels)) as EditedMetadata['labels'],
    annotations: Object.assign(
      {},
      ...known.map(({ annotations }) => annotations),
    ) as EditedMetadata['annotations'],
    unnamed: edits.some(({ op }) => op === 'apply'),
  };
}

const metadataIn = (edit: Edit): unknown =>
  edit.op === 'apply' ? edit.manifest.metadata : edit.op === 'merge' ? edit.patch['metadata'] : undefined;

type Table = Readonly<Record<string, unknown>>;
const parts = ['labels', 'annotations'] as const;
const tableIn = (metadata: Table, part: (typeof parts)[number]): Table => (metadata[part] ?? {}) as Table;

/** Whether each edited label and annotation is as before, or as the edits made it. */
export const isMetadataExpected = (before: Table, now: Table, touched: EditedMetadata): boolean =>
  parts.every((part) =>
    Object.entries(touched[part]).every(([name, made]) =>
      [tableIn(before, part)[name], made ?? undefined].includes(tableIn(now, part)[name]),
    ),
  );

/**
 * The metadata of an object with the edited entries as before, and all others as they are now, because they belong to
 * others.
 */
export function restoredMetadata(before: Table, now: Table, touched: EditedMetadata): Table {
  const restored = parts.map((part) => {
    const [was, is] = [tableIn(before, part), tableIn(now, part)];
    const isTouched = (name: string) => Object.hasOwn(touched[part], name);
    const kept = Object.entries({ ...(touched.unnamed ? was : {}), ...is }).filter(
      ([name]) => !isTouched(name),
    );
    const entries = [...kept, ...Object.entries(was).filter(([name]) => isTouched(name))];
    return entries.length > 0 ? { [part]: Object.fromEntries(entries) } : {};
  });
  const { labels: _, annotations: __, ...rest } = now;
  return Object.assign({ ...rest }, ...restored) as Table;
}
