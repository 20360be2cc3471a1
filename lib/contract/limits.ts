/** Lambda's limit for the JSON of a synchronous answer, in bytes (measured; the documentation says "6 MB"). */
export const LAMBDA_RESPONSE_MAX_BYTES = 6_291_556;

/** Lambda's limit for the JSON of a synchronous request event, in bytes. */
export const LAMBDA_REQUEST_MAX_BYTES = 6_291_456;

/** API Gateway's HTTP API gives an integration 30 s at most; functions end a second before. */
export const FUNCTION_TIMEOUT_SECONDS = 29;
