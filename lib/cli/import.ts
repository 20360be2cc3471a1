import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeText } from '../config/decode.ts';
import { importConfig, type ReportLine } from '../config/import/index.ts';
import { entriesOf } from '../config/path.ts';
import { CommandFailure, type ExitCode } from './failure.ts';
import { paint, printableLine, type TextStyle, writeJson } from './output.ts';

interface ImportFileOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly unwrap?: boolean;
  readonly json?: boolean;
}

/** `fusebox import FILE`: the report goes to stderr, the document to stdout or `--out`. */
export async function importFile(file: string, options: ImportFileOptions): Promise<ExitCode> {
  const result = importConfig(read(file), { fileName: basename(file), unwrap: options.unwrap === true });
  for (const line of options.json ? [] : result.report) process.stderr.write(`${describe(line)}\n`);
  if (entriesOf(result.document['mcpServers']).length === 0) {
    throw new CommandFailure(`${file} holds no server that can be imported`, { document: result });
  }
  if (options.out !== undefined) write(options.out, result.document, options.force === true);
  if (options.json) writeJson(result);
  else if (options.out === undefined) writeJson(result.document);
  else process.stderr.write(`wrote ${options.out}\n  next: fusebox validate ${options.out}\n`);
  return 0;
}

function read(file: string): string {
  try {
    return decodeText(readFileSync(file));
  } catch (cause) {
    throw new CommandFailure(`${file} cannot be read`, { cause, next: 'check the path' });
  }
}

function write(file: string, document: unknown, force: boolean): void {
  try {
    writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`, { flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw exists
      ? new CommandFailure(`${file} is there already, and is left as it is`, {
          cause,
          next: 'pass --force to replace it',
        })
      : new CommandFailure(`${file} cannot be written`, { cause, next: 'check that the folder exists' });
  }
}

const STYLES: Readonly<Record<ReportLine['level'], TextStyle>> = {
  imported: 'green',
  skipped: 'yellow',
  note: 'dim',
  error: 'red',
};

const describe = ({ server, level, message }: ReportLine): string =>
  [paint(STYLES[level], `${level}:`, process.stderr), server && `${printableLine(server)}:`, printableLine(message)]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
