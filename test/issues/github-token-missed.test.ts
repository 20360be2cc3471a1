/** `fusebox secrets list` and `push` said that GitHub's token is missing, which a local run had from `GITHUB_TOKEN`. */
import { tokensOf } from '../../lib/local/secrets/local-values.ts';
import { configOf } from '../helpers/http-border.ts';

const config = configOf({
  mcpServers: {
    github: { url: 'https://github.example.com/mcp', auth: { type: 'bearer', secret: 'github-token' } },
    other: { url: 'https://other.example.com/mcp', auth: { type: 'bearer', secret: 'other-token' } },
  },
});

it.each([
  ['for that server alone', { GITHUB_TOKEN: 'one' }, 'one'],
  ['and the server’s own variable wins', { GITHUB_TOKEN: 'one', MCP_TOKEN_GITHUB: 'two' }, 'two'],
])('GITHUB_TOKEN counts wherever variables do, %s', (_, env, expected) => {
  expect([...tokensOf(config, env)]).toEqual([['github-token', expected]]);
});
