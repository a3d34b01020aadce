/** The file in a project's state folder that lists the resources in AWS. It outlives a `down`. */
export const MADE_FILE = 'aws.json';
