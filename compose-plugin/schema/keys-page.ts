import * as z from 'zod/mini';
import { longFormSchema, projectSchema } from '../compose/x-boxer-schema.ts';

/** The parts of JSON Schema that the schemas of `x-boxer` use. */
const node = z.object({
  type: z.optional(z.string()),
  const: z.optional(z.unknown()),
  enum: z.optional(z.array(z.string())),
  minimum: z.optional(z.number()),
  maximum: z.optional(z.number()),
  description: z.optional(z.string()),
  additionalProperties: z.optional(z.unknown()),
  get items() {
    return z.optional(node);
  },
  get properties() {
    return z.optional(z.record(z.string(), node));
  },
  get anyOf() {
    return z.optional(z.array(node));
  },
});
type Node = z.infer<typeof node>;

const HEAD = '| key | value | default | meaning |\n| --- | --- | --- | --- |\n';

/** The table of a service's keys in `docs/x-boxer.md`. */
export const serviceTable = (): string => tableOf(longFormSchema);

/** The table of the project's keys in `docs/x-boxer.md`. */
export const projectTable = (): string => tableOf(projectSchema);

function tableOf(schema: z.ZodMiniType): string {
  const root = node.parse(z.toJSONSchema(schema, { io: 'input' }));
  return HEAD + rowsOf(root, '').join('');
}

/** One row for each key of a mapping. The keys of a nested mapping follow the key of that mapping. */
function rowsOf(mapping: Node, prefix: string): string[] {
  return Object.entries(mapping.properties ?? {}).flatMap(([name, value]) => {
    const key = prefix + name;
    const inner = [value, ...(value.anyOf ?? [])].flatMap((form) => rowsOf(form, `${key}.`));
    return [rowOf(key, value), ...inner];
  });
}

function rowOf(key: string, value: Node): string {
  if (value.description === undefined) throw new Error(`x-boxer: ${key} has no description`);
  const [meaning = '', otherwise = '-'] = value.description.split(/ Default: (.*)\.$/);
  return `| \`${key}\` | ${wordsFor(value)} | ${otherwise} | ${meaning} |\n`;
}

/** Describes the allowed values in words. */
function wordsFor(value: Node): string {
  const { type, anyOf, items, minimum, maximum } = value;
  if (value.enum !== undefined) return value.enum.map((one) => `\`${one}\``).join(' or ');
  if (value.const !== undefined) return `\`${JSON.stringify(value.const)}\``;
  if (anyOf !== undefined)
    return anyOf.map((form) => (form.type === 'string' ? 'amount' : wordsFor(form))).join(' or ');
  if (minimum !== undefined && maximum !== undefined) return `${minimum} to ${maximum}`;
  if (items !== undefined) return 'list of strings';
  if (type !== 'object') return type ?? 'anything';
  if (value.properties !== undefined) return 'mapping';
  return node.parse(value.additionalProperties).type === 'integer'
    ? 'mapping of names to numbers'
    : 'mapping of paths to paths';
}
