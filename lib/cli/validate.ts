import { homedir } from 'node:os';
import { checkDeployment } from '../config/deployment.ts';
import { ConfigError } from '../config/errors.ts';
import { type ConfigDocument, loadConfig, readDocumentFile } from '../config/load.ts';
import { entriesOf } from '../config/path.ts';
import { CommandFailure, type ExitCode, misuse } from './failure.ts';
import { paint, printable, writeJson, writeLine } from './output.ts';

interface ValidateOptions {
  readonly deploy?: boolean;
  readonly json?: boolean;
}

/** `fusebox validate [FILE]` */
export async function validate(file: string | undefined, options: ValidateOptions): Promise<ExitCode> {
  const { source, warnings, raw } = check(file, options);
  const servers = entriesOf(raw['mcpServers']).map(([name]) => name);
  if (options.json) {
    writeJson({ valid: true, source: source.label, servers, warnings, faults: [] });
    return 0;
  }
  for (const warning of warnings) {
    process.stderr.write(`${paint('yellow', 'warning:', process.stderr)} ${printable(warning)}\n`);
  }
  const verdict = options.deploy ? 'is valid and can be deployed' : 'is valid';
  writeLine(printable(`${source.label} ${verdict}: ${servers.join(', ') || 'no servers'}`));
  return 0;
}

function check(file: string | undefined, options: ValidateOptions): ConfigDocument {
  try {
    return options.deploy ? checkForDeployment(file) : checkForThisMachine(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const document = { valid: false, faults: error.faults };
    throw new CommandFailure(error.message, { cause: error, document, next: NEXT_STEP });
  }
}

const NEXT_STEP = 'docs/configuration.md has every option; a file of another program: fusebox import FILE';

/** Only a file that somebody names is ever deployed. */
function checkForDeployment(file: string | undefined): ConfigDocument {
  if (file === undefined) throw misuse('--deploy wants the file by name', 'fusebox validate FILE --deploy');
  const document = readDocumentFile(file);
  const faults = checkDeployment(document.raw);
  if (faults.length > 0) throw new ConfigError(file, faults);
  return document;
}

function checkForThisMachine(file: string | undefined): ConfigDocument {
  return loadConfig({ env: process.env, cwd: process.cwd(), home: homedir(), file });
}
