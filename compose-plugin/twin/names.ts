import { createHash } from 'node:crypto';
import { imagePart } from '../../supervisor/published/twin-names.ts';

/** Name of the function on AWS, where one is updated and not replaced: the same whatever it is made from. */
export function awsFunctionName(project: string, service: string): string {
  const plain = `boxer-${project}-${service}`;
  const clean = plain.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
  // Compose's names may be longer, and two that differ in what had to be changed must not meet.
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 8);
  return clean === plain && plain.length <= 64 ? plain : `${clean.slice(0, 55)}-${hash}`;
}

/** The project's repository in ECR: one for all services, so that they share layers. */
export const ecrRepository = (project: string) => `boxer/${imagePart(project)}`;
