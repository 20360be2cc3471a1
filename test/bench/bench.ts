/**
 * `npm run bench`: what the product costs over the bare SDK client, measured in one interleaved run. With `--write` the figures
 * go into docs/benchmarks.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { buildSync } from 'esbuild';
import { bundleFunction } from '../../lib/constructs/function-bundle.ts';
import { type LogLine, measureLogLine } from './log-line.ts';
import { median, ROOT, report, where } from './report.ts';

const IMPORTS = 21;
const CALLS = 1_000;

interface Comparison {
  readonly what: string;
  readonly bareMs: number;
  readonly oursMs: number;
}

/** The same options as the function's bundle, for the client alone. */
function bundleBareClient(outfile: string): void {
  const contents = "export { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';";
  buildSync({
    stdin: { contents, resolveDir: ROOT },
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    logLevel: 'error',
  });
}

function importMs(file: string): number {
  const script = `const t = performance.now(); require(${JSON.stringify(file)}); console.log(performance.now() - t)`;
  return Number(
    execFileSync(process.execPath, ['-e', script], { env: { PATH: process.env['PATH'], POWERTOOLS_DEV: 'false' } }),
  );
}

function compareImports(folder: string): Comparison {
  bundleFunction('call-tool', join(folder, 'call-tool'));
  const [ours, bare] = [join(folder, 'call-tool', 'index.js'), join(folder, 'bare.cjs')];
  bundleBareClient(bare);
  const times = Array.from({ length: IMPORTS }, () => [importMs(bare), importMs(ours)] as const);
  return {
    what: 'import of the bundle',
    bareMs: median(times.map(([b]) => b)),
    oursMs: median(times.map(([, o]) => o)),
  };
}

/** Warm calls of `echo` on flaky, one after another, the bare client's and the handler's in turn. */
async function compareCalls(folder: string, era: 'modern' | 'legacy', url: string): Promise<Comparison> {
  const bare = new Client(
    { name: 'bench', version: '1.0.0' },
    { versionNegotiation: { mode: era === 'modern' ? 'auto' : 'legacy' } },
  );
  await bare.connect(new StreamableHTTPClientTransport(new URL(url)));
  process.env['MCP_CONFIG_JSON'] = JSON.stringify({ mcpServers: { flaky: { url } } });
  process.env['FUSEBOX_LOCAL'] = '1';
  const file = join(folder, 'call-tool', 'index.js');
  const require = createRequire(import.meta.url);
  delete require.cache[file];
  const { handler } = require(file) as { handler: (event: object, context: object) => Promise<{ statusCode: number }> };
  const [bareMs, oursMs]: [number[], number[]] = [[], []];
  for (let i = 0; i < CALLS; i++) {
    const text = `call ${i}`;
    bareMs.push(await timed(async () => void (await bare.callTool({ name: 'echo', arguments: { text } }))));
    oursMs.push(await timed(async () => expectOk(await handler(eventOf(text), lambdaContext()))));
  }
  await bare.close();
  // The first calls connect and warm up the compiler.
  return {
    what: `warm call, ${era} server, p50`,
    bareMs: median(bareMs.slice(100)),
    oursMs: median(oursMs.slice(100)),
  };
}

function expectOk({ statusCode }: { statusCode: number }): void {
  if (statusCode !== 200) throw new Error(`the handler answered ${statusCode}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function eventOf(text: string): object {
  return {
    version: '2.0',
    routeKey: 'POST /v1/servers/{server}/tools/{tool}',
    rawPath: '/v1/servers/flaky/tools/echo',
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    pathParameters: { server: 'flaky', tool: 'echo' },
    requestContext: {
      requestId: 'bench',
      http: {
        method: 'POST',
        path: '/v1/servers/flaky/tools/echo',
        sourceIp: '127.0.0.1',
        userAgent: 'bench',
        protocol: 'HTTP/1.1',
      },
      authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/bench', accountId: '000000000000' } },
    },
    body: JSON.stringify({ arguments: { text } }),
    isBase64Encoded: false,
  };
}

function lambdaContext(): object {
  return { awsRequestId: 'bench', functionName: 'call-tool', getRemainingTimeInMillis: () => 29_000 };
}

function lineTable({ withMs, withoutMs, bytes }: LogLine, warmCallMs: number): string {
  const costMs = withMs - withoutMs;
  return [
    '',
    '',
    '| the line of a call: log, metrics and audit | cost of p50, ms | of a warm call of the modern server | bytes |',
    '| --- | --: | --: | --: |',
    `| median of 4000 calls with it and 4000 without, in turn | ${costMs.toFixed(3)} | ${((100 * costMs) / warmCallMs).toFixed(1)} % | ${bytes} |`,
  ].join('\n');
}

function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(
    ({ what, bareMs, oursMs }) =>
      `| ${what} | ${bareMs.toFixed(2)} | ${oursMs.toFixed(2)} | ${(oursMs / bareMs).toFixed(2)} |`,
  );
  return [
    `${where()}. Medians, the two interleaved in one run: ${IMPORTS} imports in fresh processes, ${CALLS} calls each.`,
    '',
    '| what | bare SDK client, ms | ours, ms | ratio |',
    '| --- | --: | --: | --: |',
    ...rows,
  ].join('\n');
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(ROOT, '.fusebox', 'bench-'));
  const server = spawn(process.execPath, [join(ROOT, 'lib/local/servers/flaky/main.ts'), '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(line.toString())?.[0] ?? '';
    const imports = compareImports(folder);
    const calls = await silently(async () => [
      await compareCalls(folder, 'modern', `${origin}/modern/mcp`),
      await compareCalls(folder, 'legacy', `${origin}/legacy/mcp`),
    ]);
    const logLine = await measureLogLine(eventOf('x'), lambdaContext);
    report('figures', table([imports, ...calls]) + lineTable(logLine, calls[0]?.oursMs ?? Number.NaN));
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without the log lines of the handler, which would drown the report. */
async function silently<T>(work: () => Promise<T>): Promise<T> {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  try {
    return await work();
  } finally {
    process.stdout.write = write;
  }
}

await main();
