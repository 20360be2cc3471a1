import { PSEUDO_PARAMETERS } from '../assembly/intrinsics.ts';
import type { FunctionModel } from '../assembly/model.ts';

/** What an execution environment needs of the machine: where programs are, and which certificates to trust. */
const OF_THE_MACHINE = ['PATH', 'NODE_EXTRA_CA_CERTS'];

/**
 * The environment variables of a function's process: Lambda's own, the template's, and those given on top. Nothing else of the
 * machine's environment, so that what works here does not work by accident.
 *
 * Source of the names: AWS Lambda developer guide, "Defined runtime environment variables".
 */
export function environmentVariables(
  fn: FunctionModel,
  extra: Readonly<Record<string, string>>,
  machine: NodeJS.ProcessEnv,
): Record<string, string> {
  const inherited = OF_THE_MACHINE.flatMap((name) => (machine[name] === undefined ? [] : [[name, machine[name]]]));
  return {
    ...Object.fromEntries(inherited),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    // Credentials of nobody, by which the stand-ins of AWS know who calls; no profile of the machine's user is read.
    AWS_ACCESS_KEY_ID: fn.name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    ...fn.environment,
    ...extra,
    AWS_REGION: PSEUDO_PARAMETERS['AWS::Region'],
    AWS_DEFAULT_REGION: PSEUDO_PARAMETERS['AWS::Region'],
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: fn.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: fn.codeDirectory,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    _HANDLER: fn.handler,
  };
}
