/** Of the simulated project: its seed and its nodes are processes of their own. */
export const projectKey = Buffer.alloc(32, 5);
