import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as model from '@aws-sdk/client-lambda';
import { modelFaults } from '../aws/lib/model-check.ts';

/** An operation of the SDK's model of Lambda. */
export interface Operation {
  readonly name: string;
  readonly method: string;
  /** The path, in which `{Member}` stands for a member of the input. */
  readonly path: string;
  readonly status: number;
  /** The name of the output's structure; undefined if there is no output. */
  readonly output: string | undefined;
}

const OPERATION = 9;

/** Lists all operations of the SDK's model of Lambda. */
export function operations(): Operation[] {
  return Object.entries(model).flatMap(([key, schema]: [string, unknown]) => {
    if (!Array.isArray(schema) || schema[0] !== OPERATION) return [];
    const [, , name, traits, , output] = schema;
    const [method, path, status] = traits.http;
    const structure: unknown = typeof output === 'function' ? output() : undefined;
    const outputName = Array.isArray(structure) && structure[0] !== -3 ? String(structure[2]) : undefined;
    return [{ name: String(name ?? key), method, path: path.split('?')[0], status, output: outputName }];
  });
}

/** The deviations of one answer from the model. */
export interface Checked {
  readonly operation: string;
  readonly faults: readonly string[];
}

/**
 * The flag of a member that holds the status code. An operation with such a member may answer with any of the
 * codes in its documentation.
 */
const STATUS_CODE = 32;

function tellsStatus(structure: string | undefined): boolean {
  const schema: unknown = structure === undefined ? undefined : Reflect.get(model, `${structure}$`);
  if (!Array.isArray(schema) || !Array.isArray(schema[5])) return false;
  return schema[5].some((member: unknown) => Array.isArray(member) && member[1] === STATUS_CODE);
}

/** Creates a client like `of` that compares every answer with the model before the SDK decodes it. */
export function checkedClient(of: model.LambdaClient, checked: Checked[]): model.LambdaClient {
  const inner = of.config.requestHandler;
  const known = operations();
  const client = new model.LambdaClient({
    endpoint: of.config.endpoint ?? '',
    region: 'us-east-1',
    credentials: of.config.credentials,
    maxAttempts: 1,
    requestHandler: inner,
  });
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const name = String(context.commandName).replace(/Command$/, '');
      const operation = known.find((each) => each.name === name);
      const response: unknown = result.response;
      if (operation === undefined || !isResponse(response)) throw new Error(`not in the model: ${name}`);
      if (response.statusCode >= 300 || name.startsWith('Invoke')) return result;
      const body = await buffer(response.body);
      response.body = Readable.from([body]);
      checked.push(check(operation, response.statusCode, body));
      return result;
    },
    // With this priority the step runs before the SDK's own decoding.
    { step: 'deserialize', priority: 'low', name: 'checkAgainstModel' },
  );
  return client;
}

interface Response {
  statusCode: number;
  body: Readable;
}

function isResponse(value: unknown): value is Response {
  return typeof value === 'object' && value !== null && 'statusCode' in value && 'body' in value;
}

function check({ name, status, output }: Operation, actual: number, body: Buffer): Checked {
  const faults =
    actual === status || tellsStatus(output)
      ? []
      : [`${name}: the status is ${actual}, but the model has ${status}`];
  if (output === undefined) {
    if (body.length > 0) faults.push(`${name}: the answer has a body, but the model has none`);
    return { operation: name, faults };
  }
  const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
  return { operation: name, faults: [...faults, ...modelFaults(output, value, model)] };
}
