import { existsSync, writeFileSync } from 'node:fs';
import { configJsonSchema, formatSchema } from '../config/json-schema.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { writeJson, writeLine } from './output.ts';

const FILE = 'fusebox.json';
/** For editors: beside the file, so that it holds wherever the file goes. */
const SCHEMA_FILE = 'fusebox.schema.json';

/** One server with the settings that people change first. */
const EXAMPLE = {
  $schema: `./${SCHEMA_FILE}`,
  mcpServers: {
    search: {
      type: 'http',
      url: 'https://search.example.com/mcp',
      timeoutMs: 10_000,
      tools: { allow: ['*'], deny: [] },
    },
  },
  deploy: { stage: 'dev' },
};

/** `fusebox init` */
export async function init(options: { readonly force?: boolean; readonly json?: boolean }): Promise<ExitCode> {
  if (existsSync(FILE) && options.force !== true) {
    throw new CommandFailure(`${FILE} is there already, and is left as it is`, { next: 'pass --force to replace it' });
  }
  writeFileSync(FILE, `${JSON.stringify(EXAMPLE, null, 2)}\n`);
  writeFileSync(SCHEMA_FILE, formatSchema(configJsonSchema()));
  if (options.json) writeJson({ written: [FILE, SCHEMA_FILE] });
  else
    writeLine(
      `wrote ${FILE}, and ${SCHEMA_FILE} for your editor\n  next: put your server's URL in it, then \`fusebox validate\``,
    );
  return 0;
}
