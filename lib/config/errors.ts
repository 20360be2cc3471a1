import { formatPath, type Path } from './path.ts';

/** One fault of a configuration. */
export interface ConfigFault {
  /** Where, as people write it: `mcpServers.search.timeoutMs`. Empty for the whole. */
  readonly path: string;
  /** What stands there. Never a secret's value, nor that of an environment variable. */
  readonly found: string;
  readonly allowed: string;
  /** The whole sentence, without the path. */
  readonly message: string;
}

export function fault(path: Path, found: string, allowed: string, message?: string): ConfigFault {
  return { path: formatPath(path), found, allowed, message: message ?? `found ${found}; allowed: ${allowed}` };
}

/** A configuration that cannot be used, with every fault at once. `message` is for people and lists them all. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid_config';
  readonly faults: readonly ConfigFault[];

  /** @param source where the configuration came from, for people: a path, `MCP_CONFIG_JSON` … */
  constructor(source: string, faults: readonly ConfigFault[], cause?: unknown) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    const lines = faults.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`);
    super(
      [`The configuration (${source}) has ${count}:`, ...lines].join('\n'),
      cause === undefined ? undefined : { cause },
    );
    this.faults = faults;
  }
}
