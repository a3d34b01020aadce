import { createHash } from 'node:crypto';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A part of an image's name: lower case, single dashes. What had to be changed is told apart by a hash. */
export function imagePart(text: string): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return clean === text ? clean : `${clean || 'x'}-${sha256(text).slice(0, 6)}`;
}

/** What the repositories of all twins are below. */
export const TWINS = 'boxer-twin';

/** Repository of a service's twin images. */
export const twinRepository = (project: string, service: string) =>
  `${TWINS}/${imagePart(project)}-${imagePart(service)}`;

/** Tag of the twin of one image with one runtime: a name that exists needs no build. */
export function twinTag(project: string, service: string, imageId: string, runtimeId: string): string {
  return `${twinRepository(project, service)}:${sha256(imageId + runtimeId).slice(0, 12)}`;
}

/** Labels of twin images, by which they are found again. */
export const TWIN_PROJECT = 'io.boxer.twin.project';
export const TWIN_SERVICE = 'io.boxer.twin.service';

/** All labels of a twin: Compose labels the images that it builds, and a function must not pass for one of its containers. */
export const twinLabels = (project: string, service: string): Record<string, string> => ({
  [TWIN_PROJECT]: project,
  [TWIN_SERVICE]: service,
  ...Object.fromEntries(['project', 'service', 'version'].map((key) => [`com.docker.compose.${key}`, ''])),
});

/** What makes a function a different one. MB, seconds, MB. */
export interface FunctionShape {
  readonly imageUri: string;
  readonly memorySize: number;
  readonly timeout: number;
  readonly ephemeralStorage: number;
}

/** Name of the function, at most 64 of the characters that the Lambda API allows. */
export function functionName(project: string, service: string, shape: FunctionShape): string {
  const { imageUri, memorySize, timeout, ephemeralStorage } = shape;
  const hash = sha256([imageUri, memorySize, timeout, ephemeralStorage].join('\n')).slice(0, 8);
  const readable = `${project}-${service}`.replaceAll(/[^a-zA-Z0-9_-]/g, '-').slice(0, 55);
  return `${readable}-${hash}`;
}
