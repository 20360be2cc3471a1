import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { LocalRunError } from '../errors.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
/** NIST SP 800-38D, 8.2: random nonces of 96 bits. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX = 'enc:v1:';

/** Names the variable that may hold the key. */
export const KEY_VARIABLE = 'MCP_ENCRYPTION_KEY';

export const isEncrypted = (text: string): boolean => text.startsWith(PREFIX);

/** AES-256-GCM over single values. The name goes in as additional data: a value that is put under another name does not decrypt. */
export class Cipher {
  readonly #key: Buffer;

  /** @param key 32 bytes */
  constructor(key: Buffer) {
    if (key.length !== KEY_BYTES) throw new RangeError(`key: found ${key.length} bytes; allowed: ${KEY_BYTES}`);
    this.#key = key;
  }

  /** @returns `enc:v1:` and nonce, tag and ciphertext in base64 */
  encrypt(name: string, value: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce).setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
  }

  /** @throws LocalRunError naming the secret: another key, another name, or it was changed */
  decrypt(name: string, encrypted: string): string {
    try {
      const bytes = Buffer.from(encrypted.slice(PREFIX.length), 'base64');
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(name)).setAuthTag(tag);
      const text = bytes.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
    } catch {
      throw new LocalRunError(
        `the secret "${name}" cannot be decrypted: it was encrypted with another key or under another name, or was changed; ` +
          `set it again with \`fusebox secrets set ${name}\``,
      );
    }
  }
}

/**
 * The key: `MCP_ENCRYPTION_KEY`, else that of the file.
 *
 * @param create makes the file where there is none, readable by its owner alone
 * @returns undefined where there is no key
 * @throws LocalRunError for what is no key, and for a file that others can read
 */
export function loadKey(env: Readonly<NodeJS.ProcessEnv>, file: string, create = false): Buffer | undefined {
  const given = env[KEY_VARIABLE];
  if (given) return parseKey(given, KEY_VARIABLE);
  const text = readKeyFile(file);
  if (text !== undefined) return parseKey(text.trim(), file);
  if (!create) return undefined;
  createKeyFile(file);
  // That of another process, where it was faster.
  return loadKey(env, file);
}

/** Whole or not at all; one that is there stays. */
function createKeyFile(file: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(temporary, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600 });
  // The process's umask may have taken more away, never given.
  chmodSync(temporary, 0o600);
  try {
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readKeyFile(file: string): string | undefined {
  try {
    const { mode } = statSync(file);
    if ((mode & 0o077) !== 0)
      throw new LocalRunError(`${file} can be read by others than its owner; run \`chmod 600 ${file}\``);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof LocalRunError || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Never quotes what it refuses. */
function parseKey(text: string, where: string): Buffer {
  const isHex = /^[0-9a-f]{64}$/i.test(text);
  const key = Buffer.from(text, isHex ? 'hex' : 'base64');
  const isBase64 = /^[A-Za-z0-9+/_-]{43}=?$/.test(text);
  if ((isHex || isBase64) && key.length === KEY_BYTES) return key;
  throw new LocalRunError(
    `${where}: found no key; allowed: 32 bytes, as 64 hexadecimal digits or in base64 (\`openssl rand -base64 32\`)`,
  );
}
