import * as z from 'zod/mini';
import { type Model, servicesOf } from './model.ts';
import type { Problem } from './problem.ts';
import { type ProjectSettings, projectSettings, type ServiceSettings, serviceSettings } from './settings.ts';
import { suggest } from './suggest.ts';
import { longFormSchema, projectSchema, serviceSchema } from './x-boxer-schema.ts';

/** The parsed annotations of the project. */
export interface Annotations {
  project: ProjectSettings;
  /** Boxed services only, in the model's order. */
  services: Map<string, ServiceSettings>;
  problems: Problem[];
}

/**
 * Reads every x-boxer of the model. Problems are collected and not thrown, so that the user sees all at once.
 */
export function readAnnotations(model: Model): Annotations {
  const problems: Problem[] = [];
  const services = new Map<string, ServiceSettings>();
  const top = model['x-boxer'] ?? {};
  const project = parse(projectSchema, top, ['x-boxer'], problems);
  for (const [name, service] of servicesOf(model)) {
    // An empty `x-boxer:` reads as null, which is probably an unfinished annotation.
    if (!('x-boxer' in service)) continue;
    const path = ['services', name, 'x-boxer'];
    const value = service['x-boxer'];
    const schema = typeof value === 'object' && value !== null ? longFormSchema : serviceSchema;
    const input = parse(schema, value, path, problems);
    if (input !== undefined) services.set(name, serviceSettings(input));
  }
  return { project: projectSettings(project ?? {}), services, problems };
}

function parse<T extends z.ZodMiniType>(
  schema: T,
  value: unknown,
  path: readonly string[],
  problems: Problem[],
): z.infer<T> | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.flatMap((issue) => problemsOf(issue, schema, value, path));
  // One value can fail two checks for the same reason; the last one has Boxer's message.
  problems.push(...new Map(found.map((problem) => [problem.path.join('\0'), problem])).values());
  return undefined;
}

function problemsOf(
  issue: z.core.$ZodIssue,
  schema: z.ZodMiniType,
  value: unknown,
  base: readonly string[],
): Problem[] {
  const path = [...base, ...issue.path.map(String)];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownKey([...path, key], key, keysOf(schema, issue.path.map(String))));
  }
  if (path.length === base.length && (typeof value !== 'object' || value === null)) {
    const near = typeof value === 'string' ? suggest(value, ['lambda', 'container']) : undefined;
    return [
      {
        path,
        message: `must be lambda, container or a mapping, and is ${show(value)}`,
        ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
      },
    ];
  }
  if (issue.code === 'invalid_key') {
    return [{ path, message: issue.issues[0]?.message ?? 'is no key for this place' }];
  }
  const found = valueAt(value, issue.path.map(String));
  return [{ path, message: `${wanted(issue)}, and is ${show(found)}` }];
}

/** The message for an issue: zod/mini has no messages except those of the schema. */
function wanted(issue: z.core.$ZodIssue): string {
  if (issue.message !== 'Invalid input') return issue.message;
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return 'is not understood';
}

const article = (type: string) =>
  ({ array: 'a list', object: 'a mapping', record: 'a mapping', int: 'a whole number', string: 'a string' })[
    type
  ] ?? `a ${type}`;

function unknownKey(path: string[], key: string, known: readonly string[]): Problem {
  const near = suggest(key, known);
  return {
    path,
    message: 'unknown key',
    hint: near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean ${near}?`,
  };
}

/** Keys of the object at `path` inside a schema. */
function keysOf(schema: z.core.$ZodType, path: readonly string[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    at = shapeOf(at)?.[step];
  }
  return Object.keys(shapeOf(at) ?? {});
}

function shapeOf(schema: z.core.$ZodType | undefined): Readonly<Record<string, z.core.$ZodType>> | undefined {
  const inner = schema instanceof z.ZodMiniOptional ? schema.def.innerType : schema;
  if (inner instanceof z.ZodMiniUnion) return inner.def.options.map(shapeOf).find((shape) => shape);
  return inner instanceof z.ZodMiniObject ? inner.def.shape : undefined;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined),
    value,
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
