/** Names that the rewrite adds to a project. */
export const ownServices = ['boxer-seed', 'boxer-lambda'] as const;
export const OWN_NETWORK = 'boxer';
