/** Sixty real files of other programs, where they are present (they are not ours to carry along). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importConfig, SHAPES } from '../../../lib/config/import/index.ts';

const FOLDER =
  process.env['FUSEBOX_CORPUS'] ?? fileURLToPath(new URL('../../../../shared/corpus/mcp-configs', import.meta.url));

interface Row {
  readonly file: string;
  readonly http: number;
  readonly sse: number;
  readonly stdio: number;
}

function rows(): Row[] {
  const [, ...lines] = readFileSync(`${FOLDER}/INDEX.tsv`, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [file = '', , , , http, sse, stdio] = line.split('\t');
    return { file, http: Number(http), sse: Number(sse), stdio: Number(stdio) };
  });
}

const countOf = (mcpServers: unknown, type: string) =>
  Object.values(mcpServers ?? {}).filter((server) => Reflect.get(server, 'type') === type).length;

if (existsSync(`${FOLDER}/INDEX.tsv`)) {
  describe('the corpus', () => {
    it.each(rows())('$file: $http http, $sse sse, $stdio stdio', ({ file, http, sse, stdio }) => {
      const { document, report } = importConfig(readFileSync(`${FOLDER}/${file}`, 'utf8'), { fileName: file });
      expect({ http: countOf(document['mcpServers'], 'http'), sse: countOf(document['mcpServers'], 'sse') }).toEqual({
        http,
        sse,
      });
      const verdicts = report.filter(({ level }) => level === 'imported' || level === 'skipped');
      expect(verdicts.length).toBe(http + sse + stdio);
    });
  });
} else {
  describe('our own fixtures, in place of the corpus', () => {
    it('cover every shape', () => {
      const folder = fileURLToPath(new URL('../../fixtures/config/', import.meta.url));
      const found = readdirSync(folder).map(
        (file) => importConfig(readFileSync(`${folder}${file}`, 'utf8'), { fileName: file }).shape,
      );
      expect(SHAPES.map(({ name }) => name).filter((name) => !found.includes(name))).toEqual([]);
    });
  });
}
