/** Environment variables that the infrastructure sets and the running code reads. */
export const ENVIRONMENT = {
  /** The configuration itself, as JSON. Wins over every file. */
  configJson: 'MCP_CONFIG_JSON',
  /** Path of the configuration file. In Lambda: the file of the configuration layer. */
  configPath: 'MCP_CONFIG_PATH',
  /** Name of the DynamoDB table of {@link ../contract/records-table.ts}. Absent: records live in memory. */
  recordsTable: 'FUSEBOX_RECORDS_TABLE',
  /** Name of the DynamoDB table of {@link ../contract/circuits-table.ts}. Absent: circuits live in memory, each environment's its own. */
  circuitsTable: 'FUSEBOX_CIRCUITS_TABLE',
  /** How long an operation on a circuit may take, milliseconds. Absent: 50, which is long for DynamoDB and short for a call. */
  storeTimeoutMs: 'FUSEBOX_STORE_TIMEOUT_MS',
  /** The one server that the function serves, which is isolated. Absent: every server that is not. */
  onlyServer: 'FUSEBOX_ONLY_SERVER',
  /** JSON: names of the functions of isolated servers, by server. Absent: there are none. */
  isolatedFunctions: 'FUSEBOX_ISOLATED_FUNCTIONS',
  /** Stands before a secret's name of the configuration to make its name in Secrets Manager. Absent: nothing. */
  secretPrefix: 'FUSEBOX_SECRET_PREFIX',
  /** JSON: ids of secrets that the construct was given, by their names in the configuration. Absent: there are none. */
  secretIds: 'FUSEBOX_SECRET_IDS',
  /** `1`: on one machine, where servers on its loopback may be called. */
  local: 'FUSEBOX_LOCAL',
} as const;

/** Where Lambda unpacks the configuration layer. */
export const CONFIG_LAYER_PATH = '/opt/fusebox/config.json';
