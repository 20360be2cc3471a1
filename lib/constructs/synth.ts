import { type App, CfnOutput, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { McpFusebox } from './mcp-fusebox.ts';
import { readConfig } from './read-config.ts';

export interface SynthesizeProps {
  /** Path of the configuration file. */
  readonly config: string;
  /** For a run on one machine: servers on loopback and stdio servers pass. @default false */
  readonly local?: boolean;
}

/**
 * Adds the stack `Fusebox-<stage>` to an app and writes the cloud assembly, unless cdk-nag (AwsSolutions) finds a fault.
 *
 * Without an account, and without a region where the configuration names none: the CDK's command fills them in.
 *
 * @throws ConfigError
 */
export function synthesize(app: App, { config, local = false }: SynthesizeProps): void {
  const { stage, region } = readConfig(config, { local }).config.deploy;
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new Stack(app, `Fusebox-${stage}`, region === null ? {} : { env: { region } });
  const fusebox = new McpFusebox(stack, 'Fusebox', { config, local });
  new CfnOutput(stack, 'Url', { value: fusebox.url });
  new CfnOutput(stack, 'KeyArn', { value: fusebox.key.keyArn });
  app.synth();
}
