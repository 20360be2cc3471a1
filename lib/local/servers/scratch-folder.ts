import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILES = {
  'welcome.txt': 'Hello from the scratch folder of mcp-fusebox.\n',
  'README.md': '# Scratch\n\nThe `filesystem` server of the local run reads and writes here, and nowhere else.\n',
};

/**
 * Makes the folder with something to read in it; what is there already is left as it is.
 *
 * @returns the folder, links resolved
 */
export async function makeScratchFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) {
    await writeFile(join(folder, name), text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
  return await realpath(folder);
}
