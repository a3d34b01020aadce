import type { FunctionRecord } from '../functions/function-record.ts';
import { functionArn, type Home } from './function-name.ts';

/** AWS's FunctionConfiguration. */
export function describe(home: Home, record: FunctionRecord): object {
  const { config } = record;
  const overrides = {
    ...(config.entryPoint && { EntryPoint: config.entryPoint }),
    ...(config.command && { Command: config.command }),
    ...(config.workingDirectory !== undefined && { WorkingDirectory: config.workingDirectory }),
  };
  return {
    FunctionName: config.name,
    FunctionArn: functionArn(home, config.name),
    Role: config.role,
    CodeSize: 0,
    Description: config.description,
    Timeout: config.timeout,
    MemorySize: config.memorySize,
    LastModified: config.lastModified.toISOString().replace('Z', '+0000'),
    CodeSha256: config.image.id.replace('sha256:', ''),
    Version: '$LATEST',
    ...(Object.keys(config.variables).length > 0 && { Environment: { Variables: config.variables } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: config.revisionId,
    State: record.state,
    ...(record.state === 'Pending' && {
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
    }),
    LastUpdateStatus: record.updating ? 'InProgress' : 'Successful',
    PackageType: 'Image',
    ...(Object.keys(overrides).length > 0 && { ImageConfigResponse: { ImageConfig: overrides } }),
    Architectures: [config.image.architecture],
    EphemeralStorage: { Size: config.ephemeralStorage },
    LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${config.name}` },
  };
}

/** AWS's FunctionEventInvokeConfig. */
export function describeEventConfig(home: Home, record: FunctionRecord): object {
  const { eventConfig } = record;
  return {
    FunctionArn: `${functionArn(home, record.config.name)}:$LATEST`,
    LastModified: (eventConfig?.lastModified.getTime() ?? 0) / 1000,
    MaximumRetryAttempts: eventConfig?.maximumRetryAttempts,
    MaximumEventAgeInSeconds: eventConfig?.maximumEventAge,
    DestinationConfig: { OnSuccess: {}, OnFailure: {} },
  };
}
