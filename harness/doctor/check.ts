import type { Source } from '../snapshot/schema.ts';
import { families, type Evidence, type Family, type Finding, type Severity } from './finding.ts';
import type { MeshView } from './mesh-view.ts';

/**
 * The relation of the clusters of a cause and of a finding that it explains:
 * - `pair`: the same cluster and the same peer;
 * - `target`: the cluster of the cause is the peer of the symptom, or its cluster if it does not have a peer;
 * - `source`: the symptom was seen from the cluster of the cause;
 * - `cluster`: the symptom has the cluster of the cause, as its cluster or as its peer;
 * - `object`: both are about the same object of the same cluster;
 * - `mesh`: any clusters.
 */
export type Place = 'pair' | 'target' | 'source' | 'cluster' | 'object' | 'mesh';

/**
 * A place alone, or a place and the subjects: the causes together have every subject of the symptom. `subject` alone asks for a
 * cluster in common, as cluster or as peer.
 */
export type Relation = Place | 'subject' | `${Place} and subject`;

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

/** A finding without the fields that all findings of its code share. */
export interface Sighting {
  /** Absent: the severity of the check. */
  severity?: Severity;
  cluster?: string;
  peer?: string;
  object?: string;
  /**
   * For folding: the services or policies, `namespace/name`, or other conditions that the finding is about. A cause explains it by
   * subject only if every subject is a subject of the cause, so a finding about three services stays visible if its cause has two.
   */
  subject?: string | readonly string[];
  /** For folding: further subjects that the finding explains as a cause. `*` stands for any text, as in `*.meshproof.svc.cluster.local`. */
  covers?: readonly string[];
  evidence: Evidence[];
  cause: string;
  /** Absent: the remedy of the check. */
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
  /** Several sentences for the documentation: meaning, usual reason, and effect on users. */
  explanation: string;
  /** Commands with placeholders in angle brackets: `judge` fills in the names of a finding. */
  remedy: string;
  reference: string;
  /** Every part that it reads; the tests compare this with the parts that it asks for. */
  needs: readonly Part[];
  explains?: Explanations;
  /** It reports a name that nothing has. Of two causes with the same weight, the other one comes first. */
  isLeftover?: true;
  run: (view: MeshView) => Iterable<Sighting>;
}

/** A finding with its subjects, for folding. */
export interface Located {
  finding: Finding;
  subjects: readonly string[];
  /** The subjects that it explains as a cause. */
  covers: readonly string[];
}

/** The family of a code, by its first digit. */
export function familyOf(code: string): Family {
  const family = families[Number(code[2]) - 1];
  if (!family)
    throw new Error(`${code} is not the code of a finding: a family does not exist for its first digit.`);
  return family;
}

/** The anchor of a code in docs/findings.md. */
export const anchorOf = (code: string): string => `docs/findings.md#${code.toLowerCase()}`;

/** Completes a sighting with the fields of its check. */
export function locate(check: Check, sighting: Sighting): Located {
  const { severity, subject = [], covers = [], remedy, cluster, peer, object, evidence, cause } = sighting;
  const subjects = typeof subject === 'string' ? [subject] : subject;
  return {
    subjects,
    covers: [...subjects, ...covers],
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
