import { createHash } from 'node:crypto';
import { imagePart } from '../../supervisor/published/twin-names.ts';

/**
 * Name of the function on AWS. The name does not depend on the image, because functions are updated in place.
 */
export function awsFunctionName(project: string, service: string): string {
  const plain = `boxer-${project}-${service}`;
  const clean = plain.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
  // Compose allows longer names. The hash keeps names apart that become equal by shortening or replacing
  // characters.
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 8);
  return clean === plain && plain.length <= 64 ? plain : `${clean.slice(0, 55)}-${hash}`;
}

/** The project's repository in ECR: one for all services, so that they share layers. */
export const ecrRepository = (project: string) => `boxer/${imagePart(project)}`;
