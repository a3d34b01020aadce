import * as model from '@aws-sdk/client-ecr';

/** Traits of the SDK's compact schemas: a list, a map and a structure. */
const LIST = 1;
const MAP = 2;
const STRUCTURE = 3;
/** Flag of a number that stands for a list of a simple type. */
const LIST_OF_SIMPLE = 64;

/**
 * Compares a value with a structure of the ECR model that the SDK carries.
 * @param name such as `CreateRepositoryRequest`
 * @returns what does not fit: members that the model does not know, required ones that are missing, wrong types
 */
export function modelFaults(name: string, value: unknown): string[] {
  const schema: unknown = Reflect.get(model, `${name}$`);
  if (schema === undefined) return [`the model has no ${name}`];
  return faults(schema, value, name);
}

function faults(schema: unknown, value: unknown, at: string): string[] {
  if (typeof schema === 'function') return faults(schema(), value, at);
  if (typeof schema === 'number') {
    if ((schema & LIST_OF_SIMPLE) === 0)
      return typeof value === 'object' ? [`${at}: not a simple value`] : [];
    return Array.isArray(value) ? [] : [`${at}: not a list`];
  }
  if (!Array.isArray(schema)) return [];
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
