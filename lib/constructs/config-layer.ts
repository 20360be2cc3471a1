import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Code, LayerVersion } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage, type ILocalBundling } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { CONFIG_LAYER_PATH } from '../contract/environment.ts';

/** Lambda unpacks every layer here. */
const LAYER_ROOT = '/opt';

/**
 * The configuration as one file in a layer: environment variables end at 4 kB, and the bundles stay prebuilt.
 * Variables in it stay unresolved: it is the functions' environment that holds their values.
 */
export class ConfigLayer extends LayerVersion {
  constructor(scope: Construct, id: string, document: unknown) {
    super(scope, id, {
      description: 'mcp-fusebox: configuration',
      code: Code.fromAsset(import.meta.dirname, {
        // CDK's way to generate an asset: the local bundling writes it, so the image is never run nor pulled.
        assetHashType: AssetHashType.OUTPUT,
        bundling: { image: DockerImage.fromRegistry('unused'), local: writer(document) },
      }),
    });
  }
}

function writer(document: unknown): ILocalBundling {
  return {
    tryBundle(outputDir) {
      const file = join(outputDir, relative(LAYER_ROOT, CONFIG_LAYER_PATH));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
      return true;
    },
  };
}
