import { isIPv4 } from 'node:net';
import type * as z from 'zod/mini';
import { ControlError } from '../control/control-error.ts';
import type { Endpoint } from '../control/endpoint.ts';

/**
 * Readers for the fields of JSON bodies. A reader throws ControlError EINVAL, which names the field, when the
 * value is invalid.
 */

export const MAX_NODE_ID = 65_535;

const TOKEN = /^[0-9a-f]{32}$/;

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(body: unknown): Fields {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('body', 'an object');
  return { ...body };
}

export function invalid(key: string, expected: string): ControlError {
  return new ControlError('EINVAL', `${key}: expected ${expected}`);
}

export function textAt(fields: Fields, key: string, max = 255): string {
  const value = fields[key];
  if (typeof value !== 'string' || value.length > max)
    throw invalid(key, `a string of at most ${max} characters`);
  return value;
}

export function optionalTextAt(fields: Fields, key: string, max = 255): string | undefined {
  return fields[key] === undefined ? undefined : textAt(fields, key, max);
}

export function integerAt(fields: Fields, key: string, min: number, max: number): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw invalid(key, `an integer from ${min} to ${max}`);
  return value;
}

export function portAt(fields: Fields, key: string): number {
  return integerAt(fields, key, 1, 65_535);
}

export function booleanAt(fields: Fields, key: string): boolean {
  const value = fields[key];
  if (typeof value !== 'boolean') throw invalid(key, 'true or false');
  return value;
}

export function choiceAt<T extends string>(fields: Fields, key: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === fields[key]);
  if (found === undefined) throw invalid(key, choices.join(' or '));
  return found;
}

export function listAt(fields: Fields, key: string, max: number): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value) || value.length > max) throw invalid(key, `an array of at most ${max}`);
  return value;
}

export function textsAt(fields: Fields, key: string, max: number): string[] {
  return listAt(fields, key, max).map((value) => textAt({ [key]: value }, key));
}

export function integersAt(fields: Fields, key: string, max: number, highest: number): number[] {
  return listAt(fields, key, max).map((value) => integerAt({ [key]: value }, key, 1, highest));
}

export function endpointAt(fields: Fields, key: string): Endpoint {
  const endpoint = fieldsOf(fields[key]);
  return { address: textAt(endpoint, 'address', 45), port: integerAt(endpoint, 'port', 0, 65_535) };
}

/**
 * Reads an IPv4 address in dotted decimal. Host names are refused: this node would look them up, and so the
 * sender would decide where this node connects to.
 */
export function ipv4At(fields: Fields, key: string): string {
  const address = textAt(fields, key, 15);
  if (!isIPv4(address)) throw invalid(key, 'an IPv4 address');
  return address;
}

export function ipv4EndpointAt(fields: Fields, key: string): Endpoint {
  const endpoint = fieldsOf(fields[key]);
  return { address: ipv4At(endpoint, 'address'), port: portAt(endpoint, 'port') };
}

/** Reads a random token, or the nonce of a process: 32 hex digits. */
export function tokenAt(fields: Fields, key: string): string {
  const token = textAt(fields, key, 32);
  if (!TOKEN.test(token)) throw invalid(key, '32 hex digits');
  return token;
}

/** Returns a parser for a body whose schema the supervisor shares with the plugin. */
export function bodyOf<T extends z.ZodMiniType>(schema: T): (body: unknown) => z.output<T> {
  return (body) => {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw invalid(issue?.path.join('.') || 'body', issue?.message ?? 'another value');
  };
}
