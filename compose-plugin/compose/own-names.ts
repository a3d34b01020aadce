import { RELAY_SERVICE } from '../../supervisor/published/node-config.ts';
import { PROBE_SERVICE } from '../../supervisor/published/probe.ts';

/** Names that the rewrite adds to a project. */
export const ownServices = ['boxer-seed', 'boxer-lambda', RELAY_SERVICE, PROBE_SERVICE] as const;
export const OWN_NETWORK = 'boxer';
/** The volume in which the project's seed keeps its state. */
export const STORE_VOLUME = 'boxer-store';
