import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { LocalRunError } from '../errors.ts';
import { Cipher, loadKey } from './cipher.ts';
import { withLock } from './file-lock.ts';

/** A secret as the file has it. */
interface Entry {
  readonly value: string;
  /** RFC 3339. */
  readonly setAt: string;
}

const fileSchema = z.strictObject({
  version: z.literal(1),
  secrets: z.record(z.string(), z.strictObject({ value: z.string().startsWith('enc:v1:'), setAt: z.string() })),
});

/** Where the vault of a working folder is. */
export function vaultPaths(cwd: string, file?: string): { readonly file: string; readonly keyFile: string } {
  return { file: file ?? join(cwd, '.fusebox', 'secrets.json'), keyFile: join(cwd, '.fusebox', 'secrets.key') };
}

/** Secrets of one machine, in a file of which every value is encrypted by itself. Read anew at each look: others may have written. */
export class Vault {
  readonly #file: string;
  readonly #keyFile: string;
  readonly #env: Readonly<NodeJS.ProcessEnv>;

  constructor({ file, keyFile }: { file: string; keyFile: string }, env: Readonly<NodeJS.ProcessEnv>) {
    this.#file = file;
    this.#keyFile = keyFile;
    this.#env = env;
  }

  /** Names, and when each was set. @throws LocalRunError for a file that is none of ours */
  list(): ReadonlyMap<string, string> {
    return new Map([...this.#read()].map(([name, { setAt }]) => [name, setAt]));
  }

  /** @throws LocalRunError where it is there and cannot be decrypted */
  get(name: string): string | undefined {
    const entry = this.#read().get(name);
    return entry && this.#cipher().decrypt(name, entry.value);
  }

  /** Makes the key where there is none. */
  set(name: string, value: string, nowMs: number): void {
    const cipher = this.#cipher(true);
    const entry = { value: cipher.encrypt(name, value), setAt: new Date(nowMs).toISOString() };
    mkdirSync(dirname(this.#file), { recursive: true });
    // Between reading and writing another writer's value would be lost.
    withLock(this.#file, () => this.#write(new Map(this.#read()).set(name, entry)));
  }

  /** For a value outside of the file. Makes the key where there is none. */
  encrypt(name: string, value: string): string {
    return this.#cipher(true).encrypt(name, value);
  }

  /** @throws LocalRunError */
  decrypt(name: string, encrypted: string): string {
    return this.#cipher().decrypt(name, encrypted);
  }

  #cipher(create = false): Cipher {
    const key = loadKey(this.#env, this.#keyFile, create);
    if (key === undefined) {
      throw new LocalRunError(
        `there is no key to decrypt secrets with: neither MCP_ENCRYPTION_KEY nor ${this.#keyFile}`,
      );
    }
    return new Cipher(key);
  }

  #read(): ReadonlyMap<string, Entry> {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw error;
    }
    try {
      return new Map(Object.entries(fileSchema.parse(JSON.parse(text)).secrets));
    } catch (cause) {
      throw new LocalRunError(`${this.#file} is no file of secrets of ours, or was changed; move it away`, { cause });
    }
  }

  /** Whole or not at all, and readable by its owner alone. */
  #write(entries: ReadonlyMap<string, Entry>): void {
    const temporary = `${this.#file}.${process.pid}.tmp`;
    const document = { version: 1, secrets: Object.fromEntries(entries) };
    writeFileSync(temporary, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, this.#file);
  }
}
