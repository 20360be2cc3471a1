import { traceIdOf, traceparentOf } from '../../../lib/middleware/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

it.each([
  [`00-${TRACE}-${PARENT}-01`, TRACE],
  [`cc-${TRACE}-${PARENT}-01`, TRACE],
  [`cc-${TRACE}-${PARENT}-01-what-the-future-brings`, TRACE],
  [undefined, undefined],
  ['', undefined],
  [`00-${TRACE}-${PARENT}-01-more`, undefined],
  [`ff-${TRACE}-${PARENT}-01`, undefined],
  [`00-${'0'.repeat(32)}-${PARENT}-01`, undefined],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  [`00-${TRACE.toUpperCase()}-${PARENT}-01`, undefined],
  [`00-${TRACE}\n-${PARENT}-01`, undefined],
])('%j → %j', (header, expected) => {
  expect(traceIdOf(header)).toBe(expected);
});

describe('the trace of a request', () => {
  const HEADER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  const X_RAY = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=1:a';

  it("is the caller's, where it names a valid one", () => {
    expect(traceparentOf(HEADER, X_RAY)).toBe(HEADER);
  });

  it.each([[undefined], ['nonsense']])("is Lambda's own where the header is %s", (header) => {
    expect(traceparentOf(header, X_RAY)).toBe('00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01');
  });

  it.each([[undefined], ['Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0'], ['Root=1']])(
    'is none where Lambda says %s',
    (xRay) => {
      expect(traceparentOf(undefined, xRay)).toBeUndefined();
    },
  );
});
