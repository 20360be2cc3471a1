import { type CallToolResult, ProtocolError, ProtocolErrorCode, Server, type Tool } from '@modelcontextprotocol/server';
import type { Ledger } from './ledger.ts';
import { type FlakyTool, TOOLS, type ToolMemory } from './tools.ts';

const BY_NAME: ReadonlyMap<string, FlakyTool> = new Map(TOOLS.map((tool) => [tool.definition.name, tool]));

/** A protocol instance with our tools, to be connected to one transport. The low-level class, because the high-level one does not paginate. */
export function createServer(memory: ToolMemory, ledger: Ledger, pageSize: number): Server {
  const server = new Server({ name: 'flaky', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', ({ params }) => page(pageSize, params?.cursor));
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }): Promise<CallToolResult> => {
    const tool = BY_NAME.get(params.name);
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return await tool.run(params.arguments ?? {}, { memory, ledger, signal: mcpReq.signal });
  });
  return server;
}

function page(pageSize: number, cursor = '0'): { tools: Tool[]; nextCursor?: string } {
  const start = Number(cursor);
  if (!(start >= 0 && start < TOOLS.length && start % pageSize === 0)) {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown cursor: ${cursor}`);
  }
  const end = start + pageSize;
  const tools = TOOLS.slice(start, end).map((tool) => tool.definition);
  return end < TOOLS.length ? { tools, nextCursor: String(end) } : { tools };
}
