/**
 * The CDK app: `npx cdk synth|diff|deploy -c config=FILE`.
 *
 * The local run gets its assembly from it too, without the CDK's command: `node bin/app.ts` with CDK_OUTDIR=DIR and
 * CDK_CONTEXT_JSON={"config":"FILE","local":"true"}.
 */
import { App } from 'aws-cdk-lib/core';
import { ConfigError } from '../lib/config/errors.ts';
import { synthesize } from '../lib/constructs/synth.ts';

// Not by itself at exit: an app that has refused its configuration writes no assembly. Stack traces would put this machine's paths into it.
const app = new App({ autoSynth: false, stackTraces: false });
const config: unknown = app.node.tryGetContext('config');

if (typeof config === 'string' && config !== '') {
  try {
    synthesize(app, { config, local: isLocalRun() });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    refuse(error.message);
  }
} else {
  refuse('Which configuration? A deployment takes an explicit file: pass -c config=FILE');
}

/** The rules of a deployment hold whenever the CDK's command runs this app: it says so by its version. */
function isLocalRun(): boolean {
  return app.node.tryGetContext('local') === 'true' && process.env['CDK_CLI_VERSION'] === undefined;
}

function refuse(message: string): void {
  console.error(message);
  process.exitCode = 1;
}
