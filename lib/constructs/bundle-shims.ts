/**
 * Stands in, inside the bundles, for `@modelcontextprotocol/client/_shims`, through which the SDK brings a second ajv (154 kB) as its
 * default validator of results. Our clients are given one of their own, so the default is never made.
 */
export const CORS_IS_POSSIBLE = false;

/** Called with `new` by the SDK, and only by a client without a validator. */
export function DefaultJsonSchemaValidator(): never {
  throw new Error('The bundles have no default validator: give the Client a jsonSchemaValidator');
}
