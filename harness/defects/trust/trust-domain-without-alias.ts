import { defineDefect } from '../defect.ts';
import { pairOf, settings } from '../parts.ts';

export const trustDomainWithoutAlias = defineDefect({
  id: 'trust-domain-without-alias',
  title: 'One cluster has another trust domain, and no alias for that of the others',
  family: 'trust and identity',
  cause:
    'A cluster was set up with a trust domain of its own. Its proxies then expect their peers to be named in it, and those are named as before.',
  silent: false,
  break: (mesh) => [settings(mesh, pairOf(mesh).east, { trustDomain: 'east.example' })],
  findings: ['MP1201'],
  promises: ['CON-02'],
});
