/** The checks that need nothing but the configuration and the files around it. */
import { dirname, resolve } from 'node:path';
import { deploymentConfig } from '../../../config/deployment.ts';
import { ConfigError, type ConfigFault } from '../../../config/errors.ts';
import { type ConfigDocument, findDocument, type LoadOptions } from '../../../config/load.ts';
import type { FuseboxConfig } from '../../../config/schema.ts';
import { misuse } from '../../failure.ts';
import { type Check, type Line, runChecks, skipChecks } from '../check.ts';
import { APPLICATION } from './application.ts';
import { CONFIGURATION, EXPLICIT_FILE, VALID_ID } from './configuration.ts';
import { faultLine } from './faults.ts';
import { INFRASTRUCTURE } from './infrastructure.ts';
import { MAINTENANCE, NODE } from './maintenance.ts';
import { MONITORING } from './monitoring.ts';
import { findProject } from './project.ts';
import { SECURITY } from './security.ts';
import type { Subject, Surroundings } from './subject.ts';
import { TESTING } from './testing.ts';

/** What is looked at whatever the configuration is like. */
export const SURROUNDING_CHECKS: readonly Check<Surroundings>[] = [EXPLICIT_FILE, ...TESTING, NODE];

/** What needs a configuration that is valid. */
export const CONFIG_CHECKS: readonly Check<Subject>[] = [
  ...CONFIGURATION,
  ...MONITORING,
  ...INFRASTRUCTURE,
  ...APPLICATION,
  ...MAINTENANCE,
  ...SECURITY,
];

export interface OfflineOptions extends LoadOptions {
  /** Variables that the construct's `environment` gives the functions. */
  readonly environment: readonly string[];
  readonly nowMs: number;
  readonly nodeVersion: string;
}

export interface Offline {
  readonly lines: readonly Line[];
  /** Absent where it is not valid. */
  readonly config?: FuseboxConfig;
}

/**
 * @param chosen whose servers' own checks are asked for; empty: all
 * @throws CommandFailure where there is no such server
 */
export function checkOffline(options: OfflineOptions, chosen: readonly string[]): Offline {
  const { document, faults, config } = readConfiguration(options);
  const file = document?.source.kind === 'file' ? document.source.label : resolve(options.cwd, options.file ?? '.');
  const { nodeVersion, nowMs } = options;
  const around = { source: document?.source, project: findProject(dirname(file)), nodeVersion };
  const lines = runChecks(SURROUNDING_CHECKS, around);
  if (document === undefined || config === undefined) {
    // Its faults say so, each.
    const left = CONFIG_CHECKS.filter(({ id }) => id !== VALID_ID);
    const skipped = skipChecks(left, 'it takes a configuration that is valid', 'mend what fails first');
    return { lines: [...faults.map(faultLine), ...lines, ...skipped] };
  }
  refuseUnknown(chosen, Object.keys(config.mcpServers));
  const subject = { config, document: document.raw, warnings: document.warnings, nowMs, chosen };
  return { lines: [...lines, ...runChecks(CONFIG_CHECKS, subject)], config };
}

function refuseUnknown(chosen: readonly string[], known: readonly string[]): void {
  const unknown = chosen.find((name) => !known.includes(name));
  if (unknown !== undefined) throw misuse(`there is no server "${unknown}"`, `known are ${known.join(', ')}`);
}

interface Reading {
  /** Absent where it cannot be read. */
  readonly document?: ConfigDocument;
  readonly faults: readonly ConfigFault[];
  /** Absent where it is not valid. */
  readonly config?: FuseboxConfig;
}

function readConfiguration(options: OfflineOptions): Reading {
  let document: ConfigDocument | undefined;
  try {
    document = findDocument(options);
    const { source, raw } = document;
    // The built-in default is nobody's to mend.
    if (source.kind === 'built-in') return { document, faults: [] };
    const { config } = deploymentConfig(raw, source.label, { environment: options.environment });
    return { document, faults: [], config };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { ...(document !== undefined && { document }), faults: error.faults };
  }
}
