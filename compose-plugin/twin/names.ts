import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A part of an image's name: lower case, single dashes. What had to be changed is told apart by a hash. */
function imagePart(text: string): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return clean === text ? clean : `${clean || 'x'}-${sha256(text).slice(0, 6)}`;
}

/** Repository of a service's twin images. */
export const twinRepository = (project: string, service: string) =>
  `boxer-twin/${imagePart(project)}-${imagePart(service)}`;

/** Tag of the twin of one image with one runtime: a name that exists needs no build. */
export function twinTag(project: string, service: string, imageId: string, runtimeId: string): string {
  return `${twinRepository(project, service)}:${sha256(imageId + runtimeId).slice(0, 12)}`;
}

/** Name of the function on AWS, where one is updated and not replaced: the same whatever it is made from. */
export function awsFunctionName(project: string, service: string): string {
  const plain = `boxer-${project}-${service}`;
  const clean = plain.replaceAll(/[^a-zA-Z0-9_-]/g, '-');
  // Compose's names may be longer, and two that differ in what had to be changed must not meet.
  return clean === plain && plain.length <= 64 ? plain : `${clean.slice(0, 55)}-${sha256(plain).slice(0, 8)}`;
}

/** The project's repository in ECR: one for all services, so that they share layers. */
export const ecrRepository = (project: string) => `boxer/${imagePart(project)}`;

/** What makes a function a different one. MB, seconds, MB. */
export interface FunctionShape {
  imageUri: string;
  memorySize: number;
  timeout: number;
  ephemeralStorage: number;
}

/** Name of the function, at most 64 of the characters that the Lambda API allows. */
export function functionName(project: string, service: string, shape: FunctionShape): string {
  const { imageUri, memorySize, timeout, ephemeralStorage } = shape;
  const hash = sha256([imageUri, memorySize, timeout, ephemeralStorage].join('\n')).slice(0, 8);
  const readable = `${project}-${service}`.replaceAll(/[^a-zA-Z0-9_-]/g, '-').slice(0, 55);
  return `${readable}-${hash}`;
}
