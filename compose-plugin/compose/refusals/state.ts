import { dirname, relative } from 'node:path';
import type { Model } from '../model.ts';
import type { Problem } from '../problem.ts';
import type { Project } from '../project.ts';
import { type SentPath, sentPaths } from '../sent-paths.ts';
import { realPath } from '../state-folder.ts';

type Place = Pick<Project, 'directory' | 'folder'>;

const hint =
  'Boxer keeps the keys of projects there. Set XDG_STATE_HOME to a folder outside, or send a smaller folder.';

/** Problems with paths that would send the state folder, keys included, to a builder or into a container. */
export function stateProblems(model: Model, place: Place): Problem[] {
  return exposing(model, place)
    .filter((sent) => !isOfHost(sent, place))
    .map(({ at, local }) => ({ path: at, message: `${local} ${relation(local, place)}`, hint }));
}

/** Remarks on mounts of host folders outside the project that also show the state folder to a container. */
export function stateRemarks(model: Model, place: Place): Problem[] {
  return exposing(model, place)
    .filter((sent) => isOfHost(sent, place))
    .map(({ at, local }) => ({ path: at, message: `${local} ${relation(local, place)}` }));
}

function exposing(model: Model, { folder }: Place): SentPath[] {
  const state = realPath(folder);
  const home = dirname(state);
  return sentPaths(model).filter(({ local }) => {
    const sent = realPath(local);
    return isWithin(state, sent) || isWithin(sent, home);
  });
}

/**
 * A mount of a folder that is neither the project's nor Boxer's, such as `/` for a program that watches the
 * machine.
 */
function isOfHost({ how, local }: SentPath, { directory, folder }: Place): boolean {
  const sent = realPath(local);
  return (
    how === 'mount' && !isWithin(sent, realPath(directory)) && !isWithin(sent, dirname(realPath(folder)))
  );
}

const relation = (local: string, { folder }: Place) =>
  isWithin(realPath(folder), realPath(local))
    ? `contains the state folder of this project, ${folder}`
    : 'is state of Boxer';

/** Whether `path` is `folder` or below it. */
function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../'));
}
