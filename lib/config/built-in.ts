import { localUrlVariable } from './local.ts';
import type { Environment } from './substitute.ts';

/** Servers that the local run starts beside itself. It sets their variables. */
const BESIDE = { everything: {}, filesystem: {}, flaky: { trusted: true } };

export type BesideName = keyof typeof BESIDE;
export const BESIDE_NAMES = Object.keys(BESIDE) as readonly BesideName[];

const GITHUB = {
  type: 'http',
  url: 'https://api.githubcopilot.com/mcp/',
  auth: { type: 'bearer', secret: 'github-token' },
};

/** What is served where no configuration exists; GitHub's server only where there is a token for it. */
export function builtInDocument(env: Environment): Readonly<Record<string, unknown>> {
  const local = Object.entries(BESIDE).map(([name, own]) => [
    name,
    { type: 'http', url: `\${env:${localUrlVariable(name)}}`, ...own },
  ]);
  return { mcpServers: { ...Object.fromEntries(local), ...(env['GITHUB_TOKEN'] ? { github: GITHUB } : {}) } };
}

/** Stand-ins for those variables until the servers run, so that the default can be shown and validated. */
export const LOCAL_PLACEHOLDERS: Environment = Object.fromEntries(
  BESIDE_NAMES.map((name) => [localUrlVariable(name), 'http://127.0.0.1/mcp']),
);
