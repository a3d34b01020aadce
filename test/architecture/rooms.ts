import { composePlugin } from './rooms/compose-plugin.ts';
import { lambdaLocal } from './rooms/lambda-local.ts';
import type { Rooms } from './rooms/rooms.ts';
import { supervisor } from './rooms/supervisor.ts';

/**
 * The plan of the houses: each room with the rooms that it may import from. A room is a folder; files of a
 * folder that has rooms inside it belong to that folder. An arrow that is missing here is not allowed, and an
 * arrow that nobody uses fails, too, so that this list is the picture of what is there.
 */
export const rooms: Rooms = { ...composePlugin, ...supervisor, ...lambdaLocal };

/**
 * The houses that are held to the plan. The folders inside a house are rooms; every other folder at the top
 * is one.
 */
export const houses = ['compose-plugin', 'supervisor', 'lambda-local'];
