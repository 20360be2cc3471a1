import { acceptsJson, isJsonMediaType } from '../../../lib/middleware/content-negotiation.ts';

describe('Accept', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['text/html, application/*;q=0.1', true],
    ['text/html,*/*;q=0.8', true],
    ['text/html', false],
    ['application/xml', false],
    ['application/json;q=0', false],
    ['application/json;q=0.0, */*', false],
    ['application/*;q=0, */*;q=1', false],
    ['application/*;q=0, application/json', true],
    ['application/json;q=abc', false],
    [',;;,', false],
    ['🙂', false],
  ])('%j → %j', (header, expected) => {
    expect(acceptsJson(header)).toBe(expected);
  });
});

describe('Content-Type', () => {
  it.each([
    ['application/json', true],
    ['APPLICATION/JSON', true],
    ['application/json; charset=utf-8', true],
    ['application/json;charset="UTF-8"', true],
    ['application/vnd.acme.call+json', true],
    ['application/json; charset=utf-16', false],
    ['application/json; charset=latin1', false],
    [undefined, false],
    ['', false],
    ['text/plain; charset=utf-8', false],
    ['application/x-www-form-urlencoded', false],
    ['text/json', false],
    ['application/jsonp', false],
    ['application/+json', false],
  ])('%j → %j', (header, expected) => {
    expect(isJsonMediaType(header)).toBe(expected);
  });
});
