import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, type Defect } from '../defect.ts';
import { pairOf, settings } from '../defect-builders.ts';

export const trustDefects: readonly Defect[] = [
  {
    id: 'root-differs',
    title: 'One cluster has an authority of another root',
    family: 'trust and identity',
    cause:
      'The authority of a cluster was made in a ceremony of its own. istiod goes on with the one that it started with, until it is restarted: then no other cluster accepts its workloads.',
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
    family: 'trust and identity',
    cause:
      'An intermediate is issued for a year or two, and nobody counts. Proxies keep the certificates that they have for a day, then nobody is let in.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'expired' })],
    findings: ['MP1103'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'intermediate-expires-soon',
    title: 'The authority of a cluster expires within days',
    family: 'trust and identity',
    cause:
      'The last weeks in which an intermediate can be replaced without haste, and nothing else tells of them.',
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
    title: 'The authority of a cluster is valid only from a later day on',
    family: 'trust and identity',
    cause: 'It was made on a machine whose clock is ahead, or with a date of its own.',
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
    title: 'The authority of a cluster is not signed by the root beside it',
    family: 'trust and identity',
    cause:
      'Files of two ceremonies were put into one cacerts: the intermediate of the one, the root of the other.',
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
    title: 'A new authority is in cacerts, and nobody has a certificate of it',
    family: 'trust and identity',
    cause:
      'The Secret was replaced as the documentation says, and istiod and the workloads were not restarted.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'rotated' })],
    findings: ['MP1107'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'authority-with-another-key',
    title: 'The key in cacerts is not that of its certificate',
    family: 'trust and identity',
    cause: 'The certificate of a rotation was copied, and its key was not.',
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
    title: 'One cluster has lost its cacerts',
    family: 'trust and identity',
    cause:
      'The Secret was deleted, by a tool that tidies up. An istiod that is restarted makes a root of its own, which no other cluster knows.',
    silent: true,
    break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'gone' })],
    findings: ['MP1109'],
    where: { cluster: 'east' },
    promises: [],
  },
  {
    id: 'trust-domain-without-alias',
    title: 'One cluster has another trust domain, and no alias for that of the others',
    family: 'trust and identity',
    cause:
      'A cluster was set up with a trust domain of its own. Its proxies then expect their peers to be named in it, and those are named as before.',
    silent: false,
    break: (mesh) => [settings(mesh, pairOf(mesh).east, { trustDomain: 'east.example' })],
    findings: ['MP1201'],
    promises: ['CON-02'],
  },
];
