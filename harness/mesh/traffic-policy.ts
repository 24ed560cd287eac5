import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { durationMs, isDuration } from '../base/go-duration.ts';
import type { OutlierDetection, RoutePolicy } from '../base/istio-facts.ts';

/** The settings of a DestinationRule that bounds follow from, in milliseconds; absent if it does not set them. */
export interface TrafficPolicy {
  outlierDetection?: OutlierDetection;
  connectTimeoutMs?: number;
}

/** A duration as Istio writes it: `1s`, `500ms`, `1m30s`. */
const duration = z
  .string()
  .refine((text) => isDuration(text), 'not a duration such as "1s"')
  .transform(durationMs);

const destinationRule = z.object({
  kind: z.literal('DestinationRule'),
  spec: z.object({
    trafficPolicy: z
      .object({
        outlierDetection: z
          .object({
            consecutive5xxErrors: z.number().optional(),
            consecutiveGatewayErrors: z.number().optional(),
            interval: duration.optional(),
            baseEjectionTime: duration.optional(),
            maxEjectionPercent: z.number().optional(),
          })
          .optional(),
        connectionPool: z
          .object({ tcp: z.object({ connectTimeout: duration.optional() }).optional() })
          .optional(),
      })
      .prefault({}),
  }),
});

const virtualService = z.object({
  kind: z.literal('VirtualService'),
  spec: z.object({
    http: z.tuple([
      z.object({
        timeout: duration.optional(),
        retries: z.object({ attempts: z.int().optional(), perTryTimeout: duration.optional() }).prefault({}),
      }),
    ]),
  }),
});

/**
 * Reads the settings that time bounds follow from out of a manifest with one DestinationRule, so that a bound and the
 * configuration that it is derived from cannot differ.
 *
 * @throws Error when the manifest has no DestinationRule or several, ZodError when it is not one.
 */
export function trafficPolicyOf(manifest: string): TrafficPolicy {
  const rule = theOne('DestinationRule', manifest);
  const { outlierDetection, connectionPool } = destinationRule.parse(rule).spec.trafficPolicy;
  const connectTimeoutMs = connectionPool?.tcp?.connectTimeout;
  return {
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
    ...(outlierDetection === undefined ? {} : { outlierDetection: inMs(outlierDetection) }),
  };
}

function inMs({
  interval,
  baseEjectionTime,
  ...counts
}: NonNullable<
  z.infer<typeof destinationRule>['spec']['trafficPolicy']['outlierDetection']
>): OutlierDetection {
  const said = { ...counts, intervalMs: interval, baseEjectionTimeMs: baseEjectionTime };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

/**
 * Reads a route's timeout and retries out of a manifest with one VirtualService of one HTTP route.
 *
 * @throws Error when the manifest has no VirtualService or several, ZodError when it is not such a one.
 */
export function routePolicyOf(manifest: string): RoutePolicy {
  const [{ timeout, retries }] = virtualService.parse(theOne('VirtualService', manifest)).spec.http;
  const said = { timeoutMs: timeout, attempts: retries.attempts, perTryTimeoutMs: retries.perTryTimeout };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}

function theOne(kind: string, manifest: string): unknown {
  const documents = parseAllDocuments(manifest).map(
    (document) => document.toJS() as { kind?: string } | null,
  );
  const found = documents.filter((one) => one?.kind === kind);
  if (found.length !== 1)
    throw new Error(`The manifest has ${found.length} ${kind}s, where one was expected.`);
  return found[0];
}
