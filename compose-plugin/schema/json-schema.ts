import * as z from 'zod/mini';
import { projectSchema, serviceSchema } from '../compose/x-boxer-schema.ts';

/**
 * JSON Schema of x-boxer in a compose file, for editors: to be used beside that of the Compose specification.
 */
export function xBoxerJsonSchema(): unknown {
  const part = (schema: z.ZodMiniType) => {
    const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
    return rest;
  };
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'x-boxer in a compose file',
    type: 'object',
    properties: {
      'x-boxer': { description: 'Settings of Boxer for the whole project.', ...part(projectSchema) },
      services: {
        type: 'object',
        additionalProperties: {
          type: 'object',
          properties: {
            'x-boxer': { description: 'Where the replicas of this service run.', ...part(serviceSchema) },
          },
        },
      },
    },
  };
}

/** The bytes of `docs/x-boxer.schema.json`. */
export const schemaText = () => `${JSON.stringify(xBoxerJsonSchema(), null, 2)}\n`;
