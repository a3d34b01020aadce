/** How phantoms reach the Lambda API. */
export interface LambdaAccess {
  provider: 'local' | 'aws';
  region: string;
  /** URL; undefined: AWS's endpoint of the region */
  endpoint: string | undefined;
  /** Whether phantoms get a file with credentials; otherwise the SDK finds the credentials of the machine. */
  credentials: boolean;
  /** Path of the engine's socket on the engine's host, for the local Lambda; undefined: the usual path. */
  socket?: string;
}

/** The region of the local Lambda if the project names none. */
const LOCAL_REGION = 'us-east-1';

/** The Lambda of this engine, which checks no credentials. */
export const localAccess = (region: string | undefined, socket?: string): LambdaAccess => ({
  provider: 'local',
  region: region ?? LOCAL_REGION,
  endpoint: 'http://boxer-lambda:9000',
  credentials: false,
  ...(socket === undefined ? {} : { socket }),
});
