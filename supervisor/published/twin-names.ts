import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * `text` as a part of an image's name: lower case, with single dashes. If this changes `text`, a hash is
 * added, so that different texts get different names.
 */
export function imagePart(text: string): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return clean === text ? clean : `${clean || 'x'}-${sha256(text).slice(0, 6)}`;
}

/** The repositories of all twins are below this name. */
export const TWINS = 'boxer-twin';

/** The repository of a service's twin images. */
export const twinRepository = (project: string, service: string) =>
  `${TWINS}/${imagePart(project)}-${imagePart(service)}`;

/** The tag of the twin of one image with one runtime. A twin whose tag exists does not have to be built. */
export function twinTag(project: string, service: string, imageId: string, runtimeId: string): string {
  return `${twinRepository(project, service)}:${sha256(imageId + runtimeId).slice(0, 12)}`;
}

/** The labels by which twin images are found. */
export const TWIN_PROJECT = 'io.boxer.twin.project';
export const TWIN_SERVICE = 'io.boxer.twin.service';

/**
 * All labels of a twin. They also clear the labels that Compose sets on images that it builds: otherwise
 * Compose would treat a container of the local Lambda as one of its own.
 */
export const twinLabels = (project: string, service: string): Record<string, string> => ({
  [TWIN_PROJECT]: project,
  [TWIN_SERVICE]: service,
  ...Object.fromEntries(['project', 'service', 'version'].map((key) => [`com.docker.compose.${key}`, ''])),
});

/** The properties of a function that are part of its name. Sizes are in MB, `timeout` is in seconds. */
export interface FunctionShape {
  readonly imageUri: string;
  readonly memorySize: number;
  readonly timeout: number;
  readonly ephemeralStorage: number;
}

/** The name of the function: at most 64 characters, and only those that the Lambda API allows. */
export function functionName(project: string, service: string, shape: FunctionShape): string {
  const { imageUri, memorySize, timeout, ephemeralStorage } = shape;
  const hash = sha256([imageUri, memorySize, timeout, ephemeralStorage].join('\n')).slice(0, 8);
  const readable = `${project}-${service}`.replaceAll(/[^a-zA-Z0-9_-]/g, '-').slice(0, 55);
  return `${readable}-${hash}`;
}
