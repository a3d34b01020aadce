import { functionName } from '../../supervisor/published/twin-names.ts';
import type { LambdaAccess } from '../compose/rewrite/lambda-access.ts';
import { lambdaService } from './lambda-service.ts';

/** The region of the local Lambda if the project names none. */
export const LOCAL_REGION = 'us-east-1';

/**
 * The Lambda of this engine, which checks no credentials.
 * @param socket the path of the engine's socket on the engine's host; undefined: the usual path
 */
export const localAccess = (region: string = LOCAL_REGION, socket?: string): LambdaAccess => ({
  functionName,
  madeBy: 'phantoms',
  isOutside: false,
  region,
  endpoint: 'http://boxer-lambda:9000',
  credentials: false,
  lambdaService: (project, { lambdaLocal }) =>
    lambdaLocal === undefined ? undefined : lambdaService(project, region, lambdaLocal, socket),
});
