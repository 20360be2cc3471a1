import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalRunError } from './errors.ts';

/** Assemblies kept; the least recently used go. */
const KEEP = 3;

const EXTENSION = extname(import.meta.url);
/** The repository when the TypeScript runs as it is; `dist/` once compiled. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The CDK app, run as `node bin/app.ts` with `CDK_OUTDIR` and `CDK_CONTEXT_JSON`. */
const APP = join(ROOT, 'bin', `app${EXTENSION}`);

/** What a synthesised assembly depends on, beside the configuration and Node.js. */
const SOURCES = [`{bin,lib,functions}/**/*${EXTENSION}`, 'package-lock.json'];

export interface AssemblyRequest {
  /** The configuration, in our own shape, as JSON. */
  readonly configuration: string;
  /** Folder of the cache. */
  readonly cacheDir: string;
  /** Told before a synthesis, which takes seconds. */
  readonly onSynth: () => void;
  /** @default the CDK app of this package */
  readonly app?: string;
  /** Ends a synthesis that is under way. */
  readonly signal?: AbortSignal;
}

/**
 * The folder of the cloud assembly for a configuration: from the cache when none of its inputs has changed, else synthesised.
 * A hit loads neither the CDK nor esbuild.
 *
 * @throws LocalRunError with what the CDK app wrote when it fails
 */
export async function cachedAssembly(request: AssemblyRequest): Promise<string> {
  const { configuration, cacheDir } = request;
  const entry = join(cacheDir, hashInputs(configuration));
  const directory = join(entry, 'cdk.out');
  if (existsSync(entry)) {
    const now = new Date();
    utimesSync(entry, now, now);
    return directory;
  }
  request.onSynth();
  mkdirSync(cacheDir, { recursive: true });
  const draft = mkdtempSync(`${entry}.`);
  try {
    await synthesise(request, draft);
    publish(draft, entry);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  prune(cacheDir);
  return directory;
}

function hashInputs(configuration: string): string {
  const hash = createHash('sha256').update(`${process.versions.node}\0${configuration}\0`);
  for (const file of SOURCES.flatMap((pattern) => globSync(pattern, { cwd: ROOT })).toSorted()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

async function synthesise({ configuration, signal, app = APP }: AssemblyRequest, draft: string): Promise<void> {
  const config = join(draft, 'config.json');
  writeFileSync(config, configuration);
  const child = spawn(process.execPath, [app], {
    cwd: ROOT,
    // Nothing of the machine's environment can land in the assembly.
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      // A third of its time goes into reading the same TypeScript again.
      NODE_COMPILE_CACHE: join(ROOT, '.fusebox', 'compile-cache'),
      CDK_OUTDIR: join(draft, 'cdk.out'),
      CDK_CONTEXT_JSON: JSON.stringify({ config, local: 'true' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new LocalRunError(`the CDK app failed (exit code ${String(code)}):\n${output.trim()}`);
}

/** Whole or not at all. Another run may have been faster with the same inputs: then its entry stays. */
function publish(draft: string, entry: string): void {
  try {
    renameSync(draft, entry);
  } catch (error) {
    if (!existsSync(entry)) throw error;
  }
}

function prune(cacheDir: string): void {
  const newestFirst = readdirSync(cacheDir).toSorted((one, other) => usedAt(cacheDir, other) - usedAt(cacheDir, one));
  for (const name of newestFirst.slice(KEEP)) rmSync(join(cacheDir, name), { recursive: true, force: true });
}

function usedAt(cacheDir: string, name: string): number {
  return statSync(join(cacheDir, name)).mtimeMs;
}
