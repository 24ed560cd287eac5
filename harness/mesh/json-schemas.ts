import { z } from 'zod';
import { meshFileSchema } from './mesh-file.ts';
import { topologySchema } from './topology.ts';

/** The JSON schema (draft 2020-12) of a topology file as it is written: fields with a default are optional. */
export function topologyJsonSchema(): object {
  return { title: 'meshproof topology', ...z.toJSONSchema(topologySchema, { io: 'input' }) };
}

/** The JSON schema (draft 2020-12) of a mesh file as it is written: fields with a default are optional. */
export function meshFileJsonSchema(): object {
  return { title: 'meshproof mesh file', ...z.toJSONSchema(meshFileSchema, { io: 'input' }) };
}
