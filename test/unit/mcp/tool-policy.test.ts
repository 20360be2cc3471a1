import { isIdempotent, isToolAllowed } from '../../../lib/mcp/tool-policy.ts';

const tools = (allow: string[], deny: string[] = []) => ({ allow, deny, overrides: {} });

it.each([
  ['any', ['*'], [], true],
  ['find', ['find'], [], true],
  ['find_all', ['find'], [], false],
  ['get_user', ['get_*'], [], true],
  ['forget_user', ['get_*'], [], false],
  ['a.b', ['a.b'], [], true],
  ['axb', ['a.b'], [], false],
  ['a(b', ['a(b'], [], true],
  ['new\nline', ['new*'], [], true],
  ['find', [], [], false],
  ['delete_all', ['*'], ['delete_*'], false],
  ['find', ['find'], ['*'], false],
  ['find', ['*'], ['finder'], true],
])('%j, allowed %j, denied %j: %s', (tool, allow, deny, expected) => {
  expect(isToolAllowed(tool, tools(allow, deny))).toBe(expected);
});

describe('a tool may be repeated', () => {
  const tool = (annotations?: object) => ({ name: 'find', inputSchema: {}, ...(annotations && { annotations }) });
  const server = (trusted: boolean, idempotent?: boolean) => ({
    trusted,
    tools: { allow: ['*'], deny: [], overrides: idempotent === undefined ? {} : { find: { idempotent } } },
  });

  it.each([
    ['a trusted server calls it read-only', { readOnlyHint: true }, server(true), true],
    ['a trusted server calls it idempotent', { readOnlyHint: false, idempotentHint: true }, server(true), true],
    ['a trusted server says nothing', undefined, server(true), false],
    ['a trusted server calls it neither', { destructiveHint: false, openWorldHint: false }, server(true), false],
    ['a hint is not true but truthy', { readOnlyHint: 'yes' }, server(true), false],
    ['a stranger calls it read-only', { readOnlyHint: true, idempotentHint: true }, server(false), false],
    ['the operator says so', undefined, server(false, true), true],
    ['the operator says no', { readOnlyHint: true }, server(true, false), false],
  ])('%s: %j', (_, annotations, of, expected) => {
    expect(isIdempotent(tool(annotations), of)).toBe(expected);
  });

  it('is not taken in by a name from Object.prototype', () => {
    expect(isIdempotent({ name: 'constructor', inputSchema: {} }, server(false))).toBe(false);
    expect(isIdempotent({ name: '__proto__', inputSchema: {} }, server(false))).toBe(false);
  });
});
