import { z } from 'zod';

/** The identity of an object. */
export interface ObjectHeader {
  apiVersion: string;
  kind: string;
  namespace?: string | undefined;
  name: string;
}

/** The journal and a copy in the cluster must not hold a secret. A list could hide one. */
const kind = z.string().refine((one) => one !== 'Secret' && !one.endsWith('List'), {
  error: 'Secrets never enter the journal: use remote-secret-changed or authority-changed',
});

const header = { apiVersion: z.string(), kind, namespace: z.string().optional(), name: z.string() };
const patch = z.record(z.string(), z.unknown());

/** A change of an object. */
export const editSchema = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('apply').describe('By server-side apply: also parts of an object that is there.'),
    manifest: z.looseObject({
      apiVersion: z.string(),
      kind,
      metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
    }),
  }),
  z.strictObject({ op: z.literal('delete'), ...header }),
  z.strictObject({
    op: z
      .literal('merge')
      .describe('A JSON merge patch (RFC 7386): null removes a field, lists are replaced.'),
    ...header,
    patch,
  }),
  z.strictObject({
    op: z.literal('merge-status').describe('The same in the status of a Service.'),
    ...header,
    kind: z.literal('Service'),
    patch,
  }),
  z.strictObject({
    op: z.literal('merge-yaml').describe('The same in the YAML that stands under a key of a ConfigMap.'),
    ...header,
    kind: z.literal('ConfigMap'),
    key: z.string(),
    patch,
  }),
]);

export type Edit = z.infer<typeof editSchema>;

/** The object that an edit changes. */
export function headerOf(edit: Edit): ObjectHeader {
  if (edit.op !== 'apply') return headed(edit);
  const { apiVersion, kind, metadata } = edit.manifest;
  return headed({ apiVersion, kind, namespace: metadata.namespace, name: metadata.name });
}

const headed = ({ apiVersion, kind, namespace, name }: ObjectHeader): ObjectHeader => ({
  ...{ apiVersion, kind, name },
  ...(namespace === undefined ? {} : { namespace }),
});

/** `Kind namespace/name`. */
export const headerText = ({ kind, namespace, name }: ObjectHeader): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** Each object once, in the order of the first edit of it. */
export const headersOf = (edits: readonly Edit[]): ObjectHeader[] => [
  ...new Map(edits.map(headerOf).map((one) => [`${one.apiVersion} ${headerText(one)}`, one])).values(),
];

/** The effect of an edit on an object, in a word or two. */
export const editText = (edit: Edit): string => {
  const words: Record<Edit['op'], string> = {
    apply: 'is there as wanted',
    delete: 'is gone',
    merge: 'is changed',
    'merge-status': 'has another status',
    'merge-yaml': 'has other settings',
  };
  return `${headerText(headerOf(edit))} ${words[edit.op]}`;
};
