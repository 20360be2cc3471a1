import type { FuseboxConfig } from '../config/schema.ts';
import type { CallContext, CatalogTool, ToolCall, ToolCallAnswer } from './types.ts';

/** What a door (an HTTP route, a command) may ask for. `lib/compose.ts` puts one together. */
export interface Fusebox {
  readonly config: FuseboxConfig;
  /** @throws FuseboxError */
  callTool(call: ToolCall, context: CallContext): Promise<ToolCallAnswer>;
  /** The tools of one server that its configuration allows. @throws FuseboxError */
  listTools(server: string, context: CallContext): Promise<readonly CatalogTool[]>;
  /** Fetches what INIT can fetch ahead. */
  warmUp(): Promise<void>;
}
