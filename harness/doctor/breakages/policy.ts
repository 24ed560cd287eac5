import { applyToBoth, itemOf, resource } from '../broken-sample.ts';
import { gatewayService, resourcesOf, settingsOf, without, type Breakage } from './breakage.ts';

const selecting = (app: string) => ({ selector: { matchLabels: { app } } });
const peer = (app: string, mode: string) =>
  resource('PeerAuthentication', app, { ...selecting(app), mtls: { mode } });
const allow = (app: string) =>
  resource('AuthorizationPolicy', `callers-of-${app}`, {
    ...selecting(app),
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/meshproof/sa/webapp'] } }] }],
  });

export const policyBreakages: readonly Breakage[] = [
  {
    id: 'strict-in-one-cluster',
    code: 'MP5101',
    break: ({ west }) => {
      without(west, 'PeerAuthentication');
      resourcesOf(west).push(peer('catalog', 'STRICT'));
    },
  },
  {
    id: 'policy-in-one-cluster',
    code: 'MP5102',
    break: ({ east }) => void resourcesOf(east).push(allow('catalog')),
  },
  {
    id: 'token-in-one-cluster',
    code: 'MP5103',
    break: ({ west }) =>
      void resourcesOf(west).push(
        resource('RequestAuthentication', 'tokens', {
          ...selecting('catalog'),
          jwtRules: [{ issuer: 'me' }],
        }),
      ),
  },
  {
    id: 'outbound-policy-differs',
    code: 'MP5104',
    cluster: 'east',
    break: ({ east }) => {
      itemOf(east.istiods);
      settingsOf(east).outboundTrafficPolicy = 'REGISTRY_ONLY';
      for (const istiod of east.istiods) istiod.settings.outboundTrafficPolicy = 'REGISTRY_ONLY';
    },
  },
  {
    id: 'identity-without-mutual-tls',
    follows: ['pods-without-sidecar-on-another-network'],
    code: 'MP5201',
    break: (sample) => {
      applyToBoth(sample, allow('inventory'));
      applyToBoth(sample, peer('inventory', 'DISABLE'));
    },
  },
  {
    id: 'mutual-tls-off',
    code: 'MP5202',
    break: (sample) => {
      without(sample.west, 'AuthorizationPolicy'); // which needs mutual TLS in any case
      gatewayService(sample.east); // on one network, calls do not need mutual TLS
      applyToBoth(sample, peer('webapp', 'DISABLE'));
    },
  },
  {
    id: 'policy-for-no-pod',
    code: 'MP5204',
    isInfo: true,
    break: (sample) => applyToBoth(sample, peer('gone', 'STRICT')),
  },
];
