import { createHash } from 'node:crypto';
import type { CacheConfig, ServerPolicy } from '../config/schema.ts';
import type { Clock } from '../resilience/clock.ts';
import { canonicalJson } from '../security/canonical-json.ts';
import { type ErrorCode, FuseboxError } from './errors.ts';
import type { Journal } from './journal.ts';
import type { ResultKey, ResultStore, StoredResult } from './ports.ts';
import type { CacheUse, JsonObject, ToolResult } from './types.ts';

export interface ResultCacheDependencies {
  readonly store: ResultStore;
  readonly now: Clock;
  readonly journal: Journal;
}

/** A call as far as its result depends on it. */
export interface CacheableCall {
  readonly server: string;
  readonly tool: string;
  readonly arguments: JsonObject;
  /** `default`: a fresh answer may be used. `refresh`: it may not, but is stored. `bypass`: neither. */
  readonly cache?: CacheUse | undefined;
  /** Who calls: `kind:name`, and the account it belongs to. */
  readonly principal?: { readonly id: string; readonly account?: string | undefined } | undefined;
}

export interface Found {
  readonly result: ToolResult;
  /** `off`: answers of this tool are not kept. */
  readonly cache: 'off' | 'hit' | 'miss' | 'stale';
}

/** What says that the server is in trouble, and not that the call is wrong. */
const STALE_ON: readonly ErrorCode[] = [
  'upstream_error',
  'upstream_protocol_error',
  'upstream_auth_failed',
  'deadline_exceeded',
  'circuit_open',
  'bulkhead_full',
  'rate_limited',
];

/** Answers of tools, for as long as the configuration says: DESIGN §3.6. */
export class ResultCache {
  readonly #deps: ResultCacheDependencies;

  constructor(dependencies: ResultCacheDependencies) {
    this.#deps = dependencies;
  }

  /**
   * A fresh answer that is stored, or what `ask` brings, which is then stored; where `ask` fails because of the server, an answer that is no
   * longer fresh, as long as the configuration lets it stand in.
   *
   * @param isCacheable asked once there is an answer, when the tool is known
   * @throws what `ask` throws
   */
  async through(
    call: CacheableCall,
    { ttlMs, staleIfErrorMs, scope }: Readonly<CacheConfig>,
    ask: () => Promise<ToolResult>,
    isCacheable: () => boolean,
  ): Promise<Found> {
    const { store, now, journal } = this.#deps;
    const key = resultKey(call, scope);
    const stored = await this.#alive(key);
    if (stored !== undefined && call.cache !== 'refresh' && now() - stored.storedAtMs < ttlMs) {
      journal.count(call.server, 'cacheHits');
      return { result: stored.result, cache: 'hit' };
    }
    const askedAtMs = now();
    try {
      const result = await ask();
      if (!isCacheable()) return { result, cache: 'off' };
      journal.count(call.server, 'cacheMisses');
      // As old as the question: what changed meanwhile may not be in it.
      const entry = { result, storedAtMs: askedAtMs };
      if (result.isError !== true) await store.write(key, entry, askedAtMs + ttlMs + staleIfErrorMs);
      return { result, cache: 'miss' };
    } catch (error) {
      const isUsable = stored !== undefined && now() - stored.storedAtMs < ttlMs + staleIfErrorMs;
      if (!isUsable || !(error instanceof FuseboxError) || !STALE_ON.includes(error.code)) throw error;
      journal.count(call.server, 'cacheStale');
      return { result: stored.result, cache: 'stale' };
    }
  }

  async #alive(key: ResultKey): Promise<StoredResult | undefined> {
    const { store } = this.#deps;
    const [stored, clearedAtMs] = await Promise.all([store.read(key), store.clearedAtMs(key.server, key.tool)]);
    return stored !== undefined && stored.storedAtMs > clearedAtMs ? stored : undefined;
  }
}

/** Is anything to be kept of this server's answers, for this call? Where each caller has its own, nobody's are kept. */
export const isCached = (
  { cache }: Pick<ServerPolicy, 'cache'>,
  { cache: use, principal }: Pick<CacheableCall, 'cache' | 'principal'>,
): boolean => cache.ttlMs > 0 && use !== 'bypass' && (cache.scope === 'shared' || principal !== undefined);

function resultKey(call: CacheableCall, scope: CacheConfig['scope']): ResultKey {
  const { server, tool, principal } = call;
  const isPrivate = scope === 'private';
  const whose = isPrivate ? (principal?.account ?? '') : '';
  const text = canonicalJson([server, tool, whose, call.arguments]);
  return {
    server,
    tool,
    ...(isPrivate && principal && { principal: principal.id }),
    digest: createHash('sha256').update(text).digest('base64url'),
  };
}
