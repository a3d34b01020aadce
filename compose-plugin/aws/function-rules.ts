import type { FunctionRules } from '../compose/rewrite/lambda-access.ts';
import { awsFunctionName } from '../twin/names.ts';

/** The functions of a project on AWS: one a service, updated in place by the plugin. */
export const awsRules: FunctionRules = {
  functionName: awsFunctionName,
  madeBy: 'plugin',
  isOutside: true,
};
