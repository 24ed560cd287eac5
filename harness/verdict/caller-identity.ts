import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count, tally } from './wording.ts';

/** What a server saw of its callers. */
export interface CallerIdentityExpectation {
  /** X-Forwarded-Client-Cert of each request as the server got it; null where there was none. */
  seen: readonly (string | null)[];
  /** SPIFFE id of the caller. */
  caller: string;
  /** SPIFFE id of the server: with whom the caller's connection was made, and not with a gateway on the way. */
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
 * Reads X-Forwarded-Client-Cert: elements divided by commas, one a hop, the nearest last; pairs divided by semicolons;
 * values may be quoted (Envoy documentation, "HTTP header manipulation: x-forwarded-client-cert").
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
 * Judges whether the caller's identity reached the server unchanged (AUT-03): each request has exactly one certificate
 * forwarded, the caller's, on a connection to the server itself. Two would be a hop that ended the caller's TLS.
 */
export function judgeCallerIdentity(options: CallerIdentityExpectation): Judgement {
  const { seen, caller, server, atLeast, scope } = options;
  const told = seen.map((header) => wordOf(header));
  const wanted = wordOf(`By=${server};Hash=x;URI=${caller}`);
  const others = told.filter((one) => one !== wanted);
  const measurements = [
    measured('requests', seen.length, 'requests', { atLeast, scope }),
    measured('requests with another identity or none', others.length, 'requests', { atMost: 0, scope }),
  ];
  if (others.length === 0 && seen.length < Math.max(1, atLeast))
    return cannotJudge(`${count(seen.length, 'request')} are too few: ${atLeast} are needed`, measurements);
  const amiss = tally(others.map((one) => [one, 1] as const));
  const complaints =
    others.length > 0
      ? [`${others.length} of ${count(seen.length, 'request')} did not show ${wanted}, but ${amiss}`]
      : [];
  return unless(complaints, `all ${count(seen.length, 'request')} showed ${wanted}`, measurements);
}

function wordOf(header: string | null): string {
  if (header === null || header === '') return 'no certificate';
  return parseXfcc(header)
    .map(({ uri, by, hash }) => `${uri ?? 'nobody'} to ${by ?? 'nobody'}${hash ? '' : ' without a hash'}`)
    .join(' then ');
}
