/**
 * The house: each room with the rooms that it may import from. A room is a folder; files of a folder that has rooms
 * inside it belong to that folder. An arrow that is missing here is not allowed, and an arrow that nobody uses fails,
 * too, so that this list is the picture of what is there.
 */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  'compose-plugin': ['compose-plugin/cli'],
  'compose-plugin/cli': [
    'compose-plugin/aws',
    'compose-plugin/compose',
    'compose-plugin/engine',
    'compose-plugin/invocation',
    'compose-plugin/prepare',
    'compose-plugin/probe',
    'compose-plugin/project',
    'compose-plugin/report',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/probe': [
    'compose-plugin/aws',
    'compose-plugin/compose',
    'compose-plugin/engine',
    'compose-plugin/prepare',
    'compose-plugin/project',
    'compose-plugin/report',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/prepare': [
    'compose-plugin/aws',
    'compose-plugin/compose',
    'compose-plugin/engine',
    'compose-plugin/project',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/aws': [
    'compose-plugin/compose',
    'compose-plugin/engine',
    'compose-plugin/project',
    'compose-plugin/report',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/project': [
    'compose-plugin/compose',
    'compose-plugin/engine',
    'compose-plugin/invocation',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/compose': [
    'compose-plugin/engine',
    'compose-plugin/invocation',
    'compose-plugin/twin',
    'supervisor/published',
  ],
  'compose-plugin/twin': ['compose-plugin/engine', 'supervisor/published'],
  'compose-plugin/schema': ['compose-plugin/compose'],
  'compose-plugin/engine': ['supervisor/published'],
  'compose-plugin/invocation': [],
  'compose-plugin/report': [],
};

/** Folders whose sub-folders are rooms of their own. Every other folder at the top is one room. */
export const houses = ['compose-plugin', 'supervisor', 'lambda-local'];

/** The houses whose arrows are held to the plan. */
export const planned = ['compose-plugin'];
