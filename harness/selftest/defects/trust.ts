import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, inFamily } from '../defect.ts';
import { pairOf, settings } from '../defect-builders.ts';

export const trustDefects = inFamily('trust and identity', [
  {
    id: 'root-differs',
    title: 'The authority of one cluster has a different root',
    cause:
      'The authority of a cluster was issued separately. istiod uses the authority that it started with until it restarts. From then on, other clusters reject its workloads.',
    silent: true,
    break: (mesh) => [
      breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'another-root' }),
    ],
    findings: ['MP1101'],
    promises: [],
  },
  {
    id: 'intermediate-expired',
    title: 'The authority of a cluster has expired',
    cause:
      'An intermediate is valid for a year or two, and its end is easy to miss. Proxies keep their certificates for up to a day; then all connections fail.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'expired' })],
    findings: ['MP1103'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'intermediate-expires-soon',
    title: 'The authority of a cluster expires within days',
    cause:
      'These are the last weeks to replace an intermediate without an outage. Nothing else reports them.',
    silent: true,
    break: (mesh) => [
      breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'expires-soon' }),
    ],
    findings: ['MP1104'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'intermediate-not-yet-valid',
    title: 'The authority of a cluster is not valid yet',
    cause: 'The certificate was issued on a machine whose clock is ahead, or with a later start date.',
    silent: true,
    break: (mesh) => [
      breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'not-yet-valid' }),
    ],
    findings: ['MP1105'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'intermediate-of-another-root',
    title: 'The authority of a cluster is not signed by the root in the same Secret',
    cause: 'cacerts contains the intermediate of one hierarchy and the root of another.',
    silent: true,
    break: (mesh) => [
      breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'of-another-root' }),
    ],
    findings: ['MP1102'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'intermediate-not-served',
    title: 'The new authority in cacerts is not in use yet',
    cause: 'The Secret was replaced, but istiod and the workloads were not restarted.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'rotated' })],
    findings: ['MP1107'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'authority-with-another-key',
    title: 'The key in cacerts does not match its certificate',
    cause: 'A rotation replaced the certificate, but not the key.',
    silent: true,
    break: (mesh) => [
      breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'key-of-another' }),
    ],
    findings: ['MP1106'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'authority-missing',
    title: 'One cluster has lost its cacerts Secret',
    cause:
      'A cleanup tool deleted the Secret. When istiod restarts, it creates a self-signed root that other clusters do not trust.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'gone' })],
    findings: ['MP1109'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'trust-domain-without-alias',
    title: 'One cluster has another trust domain, without an alias for the trust domain of the mesh',
    cause:
      'A cluster was installed with a separate trust domain. Its proxies expect peers in this trust domain, but the peers are in the old one.',
    silent: false,
    break: (mesh) => [settings(mesh, pairOf(mesh).east, { trustDomain: 'east.example' })],
    findings: ['MP1201'],
    promises: ['CON-02'],
  },
]);
