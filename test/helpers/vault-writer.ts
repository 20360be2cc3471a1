/** A process that sets secrets, once it is told to: `vault-writer.ts FOLDER NAME COUNT`. */
import { once } from 'node:events';
import { Vault, vaultPaths } from '../../lib/local/secrets/vault.ts';

const [folder = '', name = '', count = ''] = process.argv.slice(2);
process.stdout.write('ready\n');
await once(process.stdin, 'data');
for (let number = 0; number < Number(count); number += 1)
  new Vault(vaultPaths(folder), {}).set(`${name}-${number}`, `value of ${name}-${number}`, 0);
process.exit();
