import { z } from 'zod';

/** The form of the names that meshproof gives to what it makes: valid as a Kubernetes label and as part of a Docker name. */
export const namePattern = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;

/** A name of a lab, or of a part of a topology. */
export const dnsLabel = z
  .string()
  .max(40)
  .regex(namePattern, 'must be lower-case letters, digits and dashes, and start with a letter');
