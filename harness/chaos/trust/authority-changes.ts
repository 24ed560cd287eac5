import { issueAuthority, type Authority } from '../../x509/authorities.ts';
import { caData, encoded, intermediateSpec, type LabTrust } from './plugged-authority.ts';

type Data = Record<string, string>;

const dayMs = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * dayMs);

/** Another intermediate of the root of the lab, valid from a given time. */
const ofLab = (lab: LabTrust, name: string, days: number, from?: Date): Promise<Authority> =>
  issueAuthority(
    name,
    intermediateSpec(lab).key,
    days,
    { authority: lab.root, key: lab.trust.root.key },
    from,
  );

/** An intermediate of a root that the mesh does not know. */
async function ofStranger(
  lab: LabTrust,
  name: string,
): Promise<{ root: Authority; intermediate: Authority }> {
  const { key, validDays } = intermediateSpec(lab);
  const root = await issueAuthority(`${name} root`, key, lab.trust.root.validDays);
  return { root, intermediate: await issueAuthority(name, key, validDays, { authority: root, key }) };
}

const withIntermediate =
  (issue: (lab: LabTrust, name: string) => Promise<Authority>) =>
  async (data: Data, lab: LabTrust, name: string): Promise<Data> => ({
    ...data,
    ...caData(await issue(lab, name), lab.root, [lab.root]),
  });

/** The possible changes of `cacerts`. Each gets the present data and returns the new data, both as base64. */
export const authorityChanges = {
  expired: withIntermediate((lab, name) => ofLab(lab, name, 30, inDays(-31))),
  /** Near the end of a long life: a program renews an authority with a short life. */
  'expires-soon': withIntermediate((lab, name) => {
    const { validDays } = intermediateSpec(lab);
    return ofLab(lab, name, validDays, inDays(10 - validDays));
  }),
  'not-yet-valid': withIntermediate((lab, name) => ofLab(lab, name, 30, inDays(2))),
  /** A regular rotation that istiod and the proxies have not noticed. */
  rotated: withIntermediate((lab, name) => ofLab(lab, name, intermediateSpec(lab).validDays)),
  /** From another ceremony than the root in the same Secret. */
  'of-another-root': withIntermediate(async (lab, name) => (await ofStranger(lab, name)).intermediate),
  'another-root': async (data: Data, lab: LabTrust, name: string): Promise<Data> => {
    const { root, intermediate } = await ofStranger(lab, name);
    return { ...data, ...caData(intermediate, root, [root]) };
  },
  /** The key of another authority, as when files of two ceremonies are mixed up. */
  'key-of-another': async (data: Data, lab: LabTrust, name: string): Promise<Data> => {
    const { key } = await issueAuthority(name, intermediateSpec(lab).key, 1);
    return { ...data, ...encoded({ 'ca-key.pem': key }) };
  },
} as const satisfies Record<string, (data: Data, lab: LabTrust, name: string) => Promise<Data>>;

export type AuthorityChange = keyof typeof authorityChanges;
