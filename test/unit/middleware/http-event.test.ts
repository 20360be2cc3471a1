import { httpEvent } from '../../../lib/middleware/http-event.ts';
import { callEvent, IAM_ROLE, LAMBDA_REQUEST_ID, lambdaContext, REQUEST_ID } from '../../helpers/http-border.ts';

it('takes from the event what we read, with header names in lower case', () => {
  const event = { ...callEvent({ body: 'B', isBase64Encoded: true }), headers: { 'Content-Type': 'x', accept: 'y' } };
  expect(httpEvent(event, lambdaContext())).toEqual({
    routeKey: 'POST /v1/servers/{server}/tools/{tool}',
    rawPath: '/v1/servers/everything/tools/get-sum',
    headers: { 'content-type': 'x', accept: 'y' },
    pathParameters: { server: 'everything', tool: 'get-sum' },
    query: {},
    body: 'B',
    isBase64Encoded: true,
    requestContext: { requestId: REQUEST_ID, method: 'POST', sourceIp: '203.0.113.9', authorizer: IAM_ROLE },
  });
});

it.each([
  null,
  undefined,
  0,
  'text',
  [],
  {},
  { headers: null, pathParameters: 7, body: {}, requestContext: [] },
  { headers: { a: 1, b: ['x'] } },
])('makes of %j an event of which nothing is missing', (raw) => {
  expect(httpEvent(raw, lambdaContext())).toEqual({
    routeKey: '',
    rawPath: '',
    headers: {},
    pathParameters: {},
    query: {},
    body: '',
    isBase64Encoded: false,
    requestContext: { requestId: LAMBDA_REQUEST_ID, method: '', sourceIp: '', authorizer: undefined },
  });
});

it('lets no header change what an object is', () => {
  const { headers } = httpEvent(JSON.parse('{"headers":{"__proto__":"x","a":"b"}}'), lambdaContext());
  expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  expect(headers['a']).toBe('b');
});
