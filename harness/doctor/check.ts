import type { Source } from '../snapshot/schema.ts';
import { families, type Evidence, type Family, type Finding, type Severity } from './finding.ts';
import type { MeshView } from './mesh-view.ts';

/**
 * How a cause and what it explains have to be related, beyond their codes:
 * - `pair`: the same cluster, seen towards the same peer;
 * - `target`: the cause's cluster is the one that the symptom is about: its peer, or its own cluster where it has none;
 * - `source`: the symptom was seen from the cause's cluster;
 * - `cluster`: the symptom names the cause's cluster, as its own or as its peer;
 * - `subject`: they are about the same thing, such as a service, and name a cluster in common;
 * - `mesh`: always.
 */
export type Relation = 'pair' | 'target' | 'source' | 'cluster' | 'subject' | 'mesh';

/** The codes of the findings that a finding explains, by their relation to it. */
export type Explanations = Partial<Record<Relation, readonly string[]>>;

/** The same as pairs. */
export const explanationsOf = ({
  explains = {},
}: Pick<Check, 'explains'>): { by: Relation; code: string }[] =>
  (Object.entries(explains) as [Relation, readonly string[]][]).flatMap(([by, codes]) =>
    codes.map((code) => ({ by, code })),
  );

/** A part of a snapshot that a check reads. If a snapshot does not have it, the check is not judged in full. */
export type Part = Source;

/** What a check saw: a finding without the fields that all findings of the code share. */
export interface Sighting {
  /** Absent: the check's own. */
  severity?: Severity;
  cluster?: string;
  peer?: string;
  object?: string;
  /** What it is about, such as a service or a policy, `namespace/name`: for folding. */
  subject?: string;
  evidence: Evidence[];
  cause: string;
  /** Absent: the check's own. */
  remedy?: string;
}

/**
 * A check: a value. Pure: the same snapshot gives the same sightings. A check must not claim what was not read: it reads lists through
 * `whole` and the other methods of ClusterView that throw NotRead, and judges each cluster or pair with `separately`. It may use
 * `seen` only if an item shows the fault by itself.
 */
export interface Check {
  code: string;
  title: string;
  severity: Severity;
  /** Several sentences for the documentation: what it means, how it comes about, what users see. */
  explanation: string;
  /** A command or manifest, with placeholders in angle brackets. */
  remedy: string;
  reference: string;
  /** Every part that it reads; the tests compare this with the parts that it asks for. */
  needs: readonly Part[];
  explains?: Explanations;
  run: (view: MeshView) => Iterable<Sighting>;
}

/** A finding with what folding needs to know of it. */
export interface Located {
  finding: Finding;
  subject: string | undefined;
}

/** The family of a code, by its first digit. */
export function familyOf(code: string): Family {
  const family = families[Number(code[2]) - 1];
  if (!family) throw new Error(`${code} is no code of a finding: its first digit names no family.`);
  return family;
}

/** The anchor of a code in docs/findings.md. */
export const anchorOf = (code: string): string => `docs/findings.md#${code.toLowerCase()}`;

/** Completes what a check saw. */
export function locate(check: Check, sighting: Sighting): Located {
  const { severity, subject, remedy, cluster, peer, object, evidence, cause } = sighting;
  return {
    subject,
    finding: {
      code: check.code,
      title: check.title,
      family: familyOf(check.code),
      severity: severity ?? check.severity,
      ...(cluster === undefined ? {} : { cluster }),
      ...(peer === undefined ? {} : { peer }),
      ...(object === undefined ? {} : { object }),
      evidence,
      cause,
      remedy: remedy ?? check.remedy,
      anchor: anchorOf(check.code),
      reference: check.reference,
    },
  };
}
