/** Real MCP servers for integration tests. */
export { type Flaky, startFlaky } from '../../lib/local/servers/flaky/http.ts';
