import * as ecr from '@aws-sdk/client-ecr';

/** The kinds of the SDK's compact schemas. */
const LIST = 1;
const MAP = 2;
const STRUCTURE = 3;
/** Flags in the number that stands for a list or a map of a simple type. */
const LIST_OF_SIMPLE = 64;
const MAP_OF_SIMPLE = 128;

/** The results of `typeof` for the model's simple types. Timestamps are seconds in JSON. */
const SIMPLE: Readonly<Record<number, string>> = { 0: 'string', 1: 'number', 2: 'boolean', 4: 'number' };

/**
 * Compares a value with a structure in a model of the SDK.
 * @param name the name of the structure, such as `CreateRepositoryRequest`
 * @param model the package of an SDK client; that of ECR by default
 * @returns the deviations: unknown members, missing required members, and wrong types
 */
export function modelFaults(name: string, value: unknown, model: object = ecr): string[] {
  const schema: unknown = Reflect.get(model, `${name}$`);
  if (schema === undefined) return [`the model has no ${name}`];
  return faults(schema, value, name);
}

function faults(schema: unknown, value: unknown, at: string): string[] {
  if (typeof schema === 'function') return faults(schema(), value, at);
  if (typeof schema === 'number') {
    const wanted = SIMPLE[schema];
    if (wanted !== undefined) return typeof value === wanted ? [] : [`${at}: not a ${wanted}`];
    if ((schema & MAP_OF_SIMPLE) !== 0) return typeof value === 'object' ? [] : [`${at}: not a map`];
    if ((schema & LIST_OF_SIMPLE) === 0)
      return typeof value === 'object' ? [`${at}: not a simple value`] : [];
    return Array.isArray(value) ? [] : [`${at}: not a list`];
  }
  if (!Array.isArray(schema)) return [];
  // A member with additional traits is an array that begins with the schema.
  if (typeof schema[0] === 'function') return faults(schema[0](), value, at);
  const [kind, , , , first, second, required = 0] = schema;
  if (kind === LIST) {
    if (!Array.isArray(value)) return [`${at}: not a list`];
    return value.flatMap((item, index) => faults(first, item, `${at}[${index}]`));
  }
  if (kind === MAP || (kind !== STRUCTURE && kind !== -3)) return [];
  if (typeof value !== 'object' || value === null) return [`${at}: not a structure`];
  const names: string[] = first;
  const unknown = Object.keys(value).filter((key) => !names.includes(key));
  const missing = names.slice(0, required).filter((key) => Reflect.get(value, key) === undefined);
  return [
    ...unknown.map((key) => `${at}.${key}: not in the model`),
    ...missing.map((key) => `${at}.${key}: missing`),
    ...names.flatMap((key, index) => {
      const member: unknown = Reflect.get(value, key);
      return member === undefined || member === null ? [] : faults(second[index], member, `${at}.${key}`);
    }),
  ];
}
