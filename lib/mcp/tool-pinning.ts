import { createHash } from 'node:crypto';
import type { RemoteServerConfig } from '../config/schema.ts';
import { canonicalJson } from '../security/canonical-json.ts';
import type { Pinning, ToolDefinition } from './types.ts';

/** Of what a model or a caller goes by: a server that changes it under an approved name changes what is approved. */
export function toolDigest(tool: ToolDefinition): string {
  const known = digests.get(tool);
  if (known !== undefined) return known;
  const { name, title, description, inputSchema, outputSchema, annotations } = tool;
  const definition = { name, title, description, inputSchema, outputSchema, annotations };
  const digest = `sha256-${createHash('sha256').update(canonicalJson(definition)).digest('base64url')}`;
  digests.set(tool, digest);
  return digest;
}

/** The catalogue hands out the same definitions call after call. */
const digests = new WeakMap<ToolDefinition, string>();

/** @returns undefined where the configuration does not pin tools */
export function pinningOf(
  tool: ToolDefinition,
  { toolPinning, approvedTools }: Pick<RemoteServerConfig, 'toolPinning' | 'approvedTools'>,
): Pinning | undefined {
  if (toolPinning === 'off') return undefined;
  const approved = approvedTools[tool.name];
  if (approved === undefined) return 'unapproved';
  return approved === toolDigest(tool) ? 'approved' : 'changed';
}
