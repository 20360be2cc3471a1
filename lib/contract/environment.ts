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
  /** `environment`: tokens come from variables `MCP_TOKEN_<SERVER>`, as on one machine. Absent: from Secrets Manager. */
  credentials: 'FUSEBOX_CREDENTIALS',
} as const;

/** Where Lambda unpacks the configuration layer. */
export const CONFIG_LAYER_PATH = '/opt/fusebox/config.json';
