import type { Check } from '../check.ts';
import { keyOf } from '../cluster-view.ts';
import { covers, destinationRules } from '../destination-rules.ts';
import { apartFrom, isApplied } from '../facts/rule-callers.ts';
import { firstFew } from '../format-values.ts';
import { meshServices } from '../mesh-services.ts';
import { useMutualTls } from '../remedies.ts';
import { separately } from '../unread.ts';

const breaksPassthrough: Check = {
  code: 'MP3601',
  title: 'A DestinationRule turns off the mutual TLS that gateways need',
  severity: 'error',
  explanation:
    'Calls to another network need mutual TLS, because the east-west gateway routes by the SNI. With TLS mode DISABLE, SIMPLE or MUTUAL, istiod silently drops endpoints on other networks, and calls stay local or fail. For a single port or subset, the finding is a warning, because plain text may be intended there.',
  remedy: useMutualTls,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/',
  needs: ['resources', 'services', 'pods', 'installs'],
  explains: { subject: ['MP4207', 'MP5203'], 'source and subject': ['MP3602'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    const services = meshServices(view);
    yield* separately(view.clusters, function* (cluster) {
      const rules = destinationRules(view, cluster);
      for (const rule of rules) {
        const off = rule.parts.filter(({ tls }) => tls !== undefined && tls !== '' && tls !== 'ISTIO_MUTUAL');
        const covered = off.length > 0 ? services.filter(({ fqdn }) => covers(rule.host, fqdn)) : [];
        // Without pods on another network, callers lose nothing; without callers, the rule applies to nothing.
        const hit = covered.filter(
          (one) => apartFrom(view, cluster, one).length > 0 && isApplied(cluster, rules, rule, one),
        );
        if (hit.length === 0) continue;
        // Plain text to one port may be intended, such as a port for metrics that a PeerAuthentication opens.
        const whole = off.find(({ subset, port }) => subset === undefined && port === undefined);
        const part = whole ?? off[0];
        yield {
          ...(whole ? {} : { severity: 'warning' }),
          cluster: cluster.name,
          object: `DestinationRule ${keyOf(rule)}`,
          subject: keyOf(rule),
          covers: hit.map(({ key }) => key),
          evidence: [
            {
              what: `tls.mode of ${part?.where}`,
              seen: part?.tls ?? '',
              expected: 'ISTIO_MUTUAL, or none',
            },
            { what: 'services with pods on another network that it covers', seen: hit.length, expected: 0 },
          ],
          cause: `The DestinationRule ${keyOf(rule)} of ${cluster.name} turns mutual TLS off for ${firstFew(hit.map(({ key }) => key))}${whole ? '' : ` (${part?.where})`}, so callers cannot reach other networks${whole ? '' : ' there'}.`,
        };
      }
    });
  },
};

export const passthroughChecks = [breaksPassthrough];
