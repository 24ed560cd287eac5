import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** The identities of callers that a server saw, and the expected identity. */
export interface CallerIdentityExpectation {
  /** X-Forwarded-Client-Cert of each request that reached the server; null if the header was absent. */
  seen: readonly (string | null)[];
  /** SPIFFE id of the caller. */
  caller: string;
  /** SPIFFE id of the server: the caller's connection must end there, and not at a gateway on the path. */
  server: string;
  /** Requests needed to judge. */
  atLeast: number;
  scope?: string;
}

/** One element of X-Forwarded-Client-Cert: the names on a hop's certificates. */
export interface ForwardedCertificate {
  by?: string;
  uri?: string;
  hash?: string;
}

/**
 * Reads X-Forwarded-Client-Cert: one element for each hop, the nearest last, separated by commas. An element has pairs,
 * separated by semicolons; values may be quoted (Envoy documentation, "HTTP header manipulation: x-forwarded-client-cert").
 */
export function parseXfcc(header: string): ForwardedCertificate[] {
  const quoted = /"(?:[^"\\]|\\.)*"/g;
  const elements = header.replace(quoted, (text) => text.replace(/[,;]/g, ' ')).split(',');
  return elements.map((element) => {
    const pairs = element.split(';').map((pair) => pair.split(/=(.*)/s, 2));
    const value = (key: string) => pairs.find(([name]) => name?.trim().toLowerCase() === key)?.[1]?.trim();
    const [by, uri, hash] = [value('by'), value('uri'), value('hash')];
    return {
      ...(by === undefined ? {} : { by }),
      ...(uri === undefined ? {} : { uri }),
      ...(hash === undefined ? {} : { hash }),
    };
  });
}

/**
 * Judges whether the caller's identity reached the server unchanged (AUT-03): each request forwards exactly one
 * certificate, the caller's, on a connection to the server itself. A second certificate is a hop that ended the caller's TLS.
 */
export function judgeCallerIdentity(options: CallerIdentityExpectation): Judgement {
  const { seen, caller, server, atLeast, scope } = options;
  const expected = describeHops(`By=${server};Hash=x;URI=${caller}`);
  const others = seen.map(describeHops).filter((hops) => hops !== expected);
  const measurements = [
    measured('requests', seen.length, 'requests', { atLeast, scope }),
    measured('requests with another identity or none', others.length, 'requests', { atMost: 0, scope }),
  ];
  if (others.length === 0 && seen.length < Math.max(1, atLeast))
    return cannotJudge(`${count(seen.length, 'request')} are too few: ${atLeast} are needed`, measurements);
  const observed = tally(others.map((hops) => [hops, 1] as const));
  const complaints =
    others.length > 0
      ? [`${others.length} of ${count(seen.length, 'request')} did not show ${expected}, but ${observed}`]
      : [];
  return unless(complaints, `all ${count(seen.length, 'request')} showed ${expected}`, measurements);
}

function describeHops(header: string | null): string {
  if (header === null || header === '') return 'no certificate';
  return parseXfcc(header)
    .map(({ uri, by, hash }) => `${uri ?? 'unknown'} to ${by ?? 'unknown'}${hash ? '' : ' without a hash'}`)
    .join(' then ');
}
