import { parse } from 'yaml';
import { BoxerError } from '../../supervisor/published/boxer-error.ts';
import { type Model, model } from './model.ts';

/**
 * Parses the output of `docker compose config`, in which Compose doubles every `$`.
 * @throws BoxerError MODEL if Compose printed something that is no model
 */
export function parseModel(text: string): Model {
  const parsed = model.safeParse(parse(text.replaceAll('$$', '$'), { logLevel: 'error' }));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BoxerError('MODEL', `docker compose config: ${issue?.path.join('.')}: ${issue?.message}`, {
    hint: 'This Compose prints a model that this version of Boxer does not know.',
  });
}
