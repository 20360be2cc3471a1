/**
 * When cached results were thrown away: an item of the circuits' table with the key `cache#SERVER`, an attribute with epoch milliseconds
 * for the whole server, and one for each tool. What was stored before is dead.
 */
export const CACHE_KEY_PREFIX = 'cache#';
export const CLEARED_ALL = 'all';
export const clearedTool = (tool: string): string => `tool#${tool}`;
