import type { ToolsConfig } from '../config/schema.ts';
import type { ToolDefinition } from './types.ts';

/** May the tool be called at all, by the operator's allow and deny lists (`*` stands for any characters)? Deny wins. */
export function isToolAllowed(tool: string, tools: Readonly<ToolsConfig>): boolean {
  return tools.allow.some((pattern) => matches(pattern, tool)) && !tools.deny.some((pattern) => matches(pattern, tool));
}

/**
 * May a call be repeated without doing a thing twice? The operator's word, else the hints of a server that is trusted. The
 * protocol's defaults are "no": neither read-only nor idempotent.
 */
export function isIdempotent(
  tool: ToolDefinition,
  server: { readonly trusted: boolean; readonly tools: Readonly<ToolsConfig> },
): boolean {
  const override = overrideOf(server.tools, tool.name)?.idempotent;
  if (override !== undefined && override !== null) return override;
  return server.trusted && (tool.annotations?.readOnlyHint === true || tool.annotations?.idempotentHint === true);
}

/** Limit of one attempt at the tool, milliseconds. */
export function toolTimeoutMs(
  { tools, timeoutMs }: { readonly tools: Readonly<ToolsConfig>; readonly timeoutMs: number },
  tool: string,
): number {
  return overrideOf(tools, tool)?.timeoutMs ?? timeoutMs;
}

function overrideOf({ overrides }: Readonly<ToolsConfig>, tool: string) {
  return Object.hasOwn(overrides, tool) ? overrides[tool] : undefined;
}

function matches(pattern: string, text: string): boolean {
  const literal = (part: string) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's').test(text);
}
