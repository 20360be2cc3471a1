import type { FuseboxConfig } from '../config/schema.ts';
import type { CallContext, CatalogTool, ToolCall, ToolCallAnswer } from './types.ts';

/** What every function has. `lib/compose.ts` puts each together. */
export interface Composed {
  readonly config: FuseboxConfig;
  /** Fetches what INIT can fetch ahead. */
  warmUp(): Promise<void>;
}

export interface ToolCaller extends Composed {
  /** @throws FuseboxError */
  callTool(call: ToolCall, context: CallContext): Promise<ToolCallAnswer>;
}

export interface Catalog extends Composed {
  /** The tools of one server that its configuration allows. @throws FuseboxError */
  listTools(server: string, context: CallContext): Promise<readonly CatalogTool[]>;
}
