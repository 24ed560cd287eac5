import { z } from 'zod';
import type { Edit } from './edits.ts';

const values = z.record(z.string(), z.string().nullable());

/** The labels and annotations that edits of one object write: by name what they make of them, null for nothing. */
export const editedMetadataSchema = z.object({
  labels: values,
  annotations: values,
  /** Whether others that were there may be gone, too: server-side apply takes away what it wrote before and is not told again. */
  unnamed: z.boolean(),
});

export type EditedMetadata = z.infer<typeof editedMetadataSchema>;

const plain = z.strictObject({
  ...{ name: z.string().optional(), namespace: z.string().optional() },
  ...{ labels: values.default({}), annotations: values.default({}) },
});

/** Of the edits of one object; undefined where they may change any of its metadata. */
export function editedMetadataOf(edits: readonly Edit[]): EditedMetadata | undefined {
  // One that is deleted and made anew has nothing of what it had.
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

/** Whether each label and annotation that was touched is as it was before, or as the edits made it. */
export const isMetadataExpected = (before: Table, now: Table, touched: EditedMetadata): boolean =>
  parts.every((part) =>
    Object.entries(touched[part]).every(([name, made]) =>
      [tableIn(before, part)[name], made ?? undefined].includes(tableIn(now, part)[name]),
    ),
  );

/** The metadata of an object with what was touched as it was before, and the rest as it is now: that is others'. */
export function restoredMetadata(before: Table, now: Table, touched: EditedMetadata): Table {
  const back = parts.map((part) => {
    const [was, is] = [tableIn(before, part), tableIn(now, part)];
    const isTouched = (name: string) => Object.hasOwn(touched[part], name);
    const kept = Object.entries({ ...(touched.unnamed ? was : {}), ...is }).filter(
      ([name]) => !isTouched(name),
    );
    const entries = [...kept, ...Object.entries(was).filter(([name]) => isTouched(name))];
    return entries.length > 0 ? { [part]: Object.fromEntries(entries) } : {};
  });
  const { labels: _, annotations: __, ...rest } = now;
  return Object.assign({ ...rest }, ...back) as Table;
}
