/** The key of the simulated project. The processes of the seed and of the nodes share it. */
export const projectKey = Buffer.alloc(32, 5);
