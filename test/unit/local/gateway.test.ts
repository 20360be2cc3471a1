import { type HttpRequest, toEvent } from '../../../lib/local/gateway/event.ts';
import { toResponse } from '../../../lib/local/gateway/response.ts';

const NOW_MS = Date.UTC(2026, 2, 5, 9, 8, 7);

function request(overrides: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: 'POST',
    path: '/items/a%20b',
    rawQueryString: 'x=1&y=%2B&x=2',
    httpVersion: '1.1',
    headers: {
      host: ['127.0.0.1:3000'],
      'content-type': ['application/json'],
      accept: ['a', 'b'],
      'user-agent': ['test'],
    },
    body: Buffer.from('{"é":1}'),
    sourceIp: '127.0.0.1',
    ...overrides,
  };
}

const match = {
  route: { routeKey: 'POST /items/{item}', functionArn: 'arn', authorized: true },
  pathParameters: { item: 'a b' },
};

const event = (overrides: Partial<HttpRequest> = {}) => toEvent(request(overrides), match, 'request-1', NOW_MS);

describe('toEvent', () => {
  it('has the form of payload format 2.0', () => {
    expect(event()).toEqual({
      version: '2.0',
      routeKey: 'POST /items/{item}',
      rawPath: '/items/a b',
      rawQueryString: 'x=1&y=%2B&x=2',
      headers: { host: '127.0.0.1:3000', 'content-type': 'application/json', accept: 'a,b', 'user-agent': 'test' },
      queryStringParameters: { x: '1,2', y: '+' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        authorizer: {
          iam: {
            accessKey: 'local',
            accountId: '000000000000',
            callerId: 'local',
            cognitoIdentity: null,
            principalOrgId: 'local',
            userArn: 'arn:aws:iam::000000000000:user/local',
            userId: 'local',
          },
        },
        domainName: '127.0.0.1:3000',
        domainPrefix: 'local',
        http: {
          method: 'POST',
          path: '/items/a b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: 'request-1',
        routeKey: 'POST /items/{item}',
        stage: '$default',
        time: '05/Mar/2026:09:08:07 +0000',
        timeEpoch: NOW_MS,
      },
      body: '{"é":1}',
      pathParameters: { item: 'a b' },
      isBase64Encoded: false,
    });
  });

  it.each([
    ['role:agents', { iam: { userArn: 'arn:aws:sts::111111111111:assumed-role/agents/local' } }],
    ['user:ann', { iam: { userArn: 'arn:aws:iam::111111111111:user/ann', accountId: '111111111111' } }],
    ['claim:groups=[a b]', { jwt: { claims: { sub: 'local', groups: '[a b]' } } }],
  ])('plays the part of %s', (as, authorizer) => {
    expect(event({ headers: { 'x-fusebox-as': [as] } }).requestContext.authorizer).toMatchObject(authorizer);
  });

  it.each(['', 'agents', 'role:', 'role:a/b', 'user:a b', 'claim:a', 'jwt:a', 'local:local', `role:${'a'.repeat(65)}`])(
    'refuses the part %p',
    (as) => {
      expect(() => event({ headers: { 'x-fusebox-as': [as] } })).toThrow('allowed: role:NAME');
    },
  );

  it('leaves out what the request does not have', () => {
    const bare = toEvent(
      request({ headers: {}, rawQueryString: '', body: Buffer.alloc(0) }),
      { route: { ...match.route, authorized: false }, pathParameters: {} },
      'request-1',
      NOW_MS,
    );

    expect(bare).not.toHaveProperty('body');
    expect(bare).not.toHaveProperty('cookies');
    expect(bare).not.toHaveProperty('pathParameters');
    expect(bare).not.toHaveProperty('queryStringParameters');
    expect(bare.requestContext).not.toHaveProperty('authorizer');
    expect(bare).toMatchObject({ isBase64Encoded: false, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  });

  it('takes cookies out of the headers', () => {
    const { cookies, headers } = event({ headers: { cookie: ['a=1; b=2', 'c=3'] } });

    expect(cookies).toEqual(['a=1', 'b=2', 'c=3']);
    expect(headers).not.toHaveProperty('cookie');
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['application/problem+json', false],
    ['text/csv', false],
    ['application/octet-stream', true],
    ['application/x-www-form-urlencoded', true],
    ['image/png', true],
  ])('a body of type %s: base64 %p', (contentType, isBase64Encoded) => {
    const { body, ...rest } = event({ headers: { 'content-type': [contentType] }, body: Buffer.from('hi') });

    expect(rest.isBase64Encoded).toBe(isBase64Encoded);
    expect(body).toBe(isBase64Encoded ? 'aGk=' : 'hi');
  });

  it('encodes a body of text that is not UTF-8, so that none of it is lost', () => {
    const { body, isBase64Encoded } = event({
      headers: { 'content-type': ['application/json'] },
      body: Buffer.from('{"\xff"}', 'latin1'),
    });

    expect([body, isBase64Encoded]).toEqual(['eyL/In0=', true]);
  });

  it('leaves a path as it is that cannot be decoded', () => {
    expect(event({ path: '/items/%zz/../%00' }).rawPath).toBe('/items/%zz/../%00');
  });
});

const ok = (answer: unknown) => toResponse({ statusCode: 200, payload: JSON.stringify(answer) });
const text = (answer: unknown) => ok(answer).body.toString();

describe('toResponse', () => {
  it('passes on a whole response', () => {
    const answer = {
      statusCode: 201,
      headers: { 'Content-Type': 'a/b', 'X-N': 5 },
      cookies: ['a=1', 'b=2'],
      body: 'é',
    };

    expect(ok(answer)).toEqual({
      statusCode: 201,
      headers: { 'content-type': 'a/b', 'x-n': '5' },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from('é'),
    });
  });

  it('decodes base64', () => {
    expect(text({ statusCode: 200, body: 'aGk=', isBase64Encoded: true })).toBe('hi');
  });

  it.each([[{ a: 1 }], ['text'], [[1, 2]], [null], [7]])('makes %p the JSON body of a 200', (answer) => {
    expect(ok(answer)).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/json' } });
    expect(text(answer)).toBe(JSON.stringify(answer));
  });

  it.each([
    ['a status that is none', { statusCode: 'yes' }],
    ['a body that is no text', { statusCode: 200, body: { a: 1 } }],
    ['headers that are none', { statusCode: 200, headers: { a: {} } }],
  ])('answers 500 to %s', (_, answer) => {
    expect(ok(answer).statusCode).toBe(500);
    expect(text(answer)).toBe('{"message":"Internal Server Error"}');
  });

  it.each([
    [{ statusCode: 200, functionError: 'Unhandled', payload: '{}' }, 500, 'Internal Server Error'],
    [{ statusCode: 429, payload: '' }, 503, 'Service Unavailable'],
    [{ statusCode: 413, payload: '' }, 413, 'Request Entity Too Large'],
  ] as const)('%p → %i', (result, statusCode, message) => {
    const response = toResponse(result);

    expect(response.statusCode).toBe(statusCode);
    expect(JSON.parse(response.body.toString())).toEqual({ message });
  });
});
