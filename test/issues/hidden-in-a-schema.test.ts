/** Of a listed tool only title and description lost what hides; its schemas and annotations are read by people and models, too. */
import { shownDefinition } from '../../lib/mcp/shown-definition.ts';

const HIDDEN = '\u202e\u200b\u{E0049}\u001b';

it('nothing hides in what a tool says of itself, and its data stay as they are', () => {
  const schema = (hidden: string) => ({
    type: 'object',
    title: `T${hidden}`,
    properties: {
      q: { type: 'string', description: `d${hidden}`, enum: [`e${HIDDEN}`], default: { title: `v${HIDDEN}` } },
      // A name of the server's choice that is spelled as a keyword is.
      enum: { anyOf: [{ description: `in${hidden}` }] },
      description: { type: 'string', pattern: `p${HIDDEN}` },
    },
  });
  const tool = (hidden: string) => ({
    name: `find${HIDDEN}`,
    title: `t${hidden}`,
    description: `one\ntwo${hidden}`,
    inputSchema: schema(hidden),
    outputSchema: schema(hidden),
    annotations: { title: `a${hidden}`, readOnlyHint: true },
  });
  expect(shownDefinition(tool(HIDDEN))).toEqual(tool(''));
});
