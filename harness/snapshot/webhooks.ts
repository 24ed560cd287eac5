import type { V1MutatingWebhook, V1MutatingWebhookConfiguration } from '@kubernetes/client-node';
import type { CertificateBook } from './certificate-book.ts';
import { given, selectorRecord } from './kubernetes-records.ts';
import { withoutQuery } from './redact.ts';
import type { WebhookRecord } from './schema.ts';

/** The webhooks that inject sidecars, of a MutatingWebhookConfiguration. */
export function webhookRecords(
  { metadata, webhooks }: V1MutatingWebhookConfiguration,
  book: CertificateBook,
): WebhookRecord[] {
  return (webhooks ?? [])
    .filter(({ name }) => name.endsWith('sidecar-injector.istio.io'))
    .map((webhook) => ({
      configuration: metadata?.name ?? '',
      name: webhook.name,
      revision: metadata?.labels?.['istio.io/rev'] ?? '',
      tag: metadata?.labels?.['istio.io/tag'] ?? '',
      namespaceSelector: selectorRecord(webhook.namespaceSelector),
      objectSelector: selectorRecord(webhook.objectSelector),
      failurePolicy: webhook.failurePolicy ?? '',
      ...targetOf(webhook),
      caBundle: book.read(fromBase64(webhook.clientConfig.caBundle)).chain,
    }));
}

function targetOf({ clientConfig }: V1MutatingWebhook): Pick<WebhookRecord, 'target' | 'service'> {
  const { service, url } = clientConfig;
  if (!service) return { target: withoutQuery(url ?? '') };
  const { namespace, name, port = 443, path = '' } = service;
  return { target: `${namespace}/${name}:${port}${path}`, ...given('service', { namespace, name, port }) };
}

/** The text of a value in base64, as Secrets and CA bundles have it; absent stays absent. */
export const fromBase64 = (value: string | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value, 'base64').toString();
