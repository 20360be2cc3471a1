/**
 * Stands in, inside the bundles, for `@aws-sdk/credential-provider-node`, the AWS SDK's search for credentials in profiles, sign-ins and
 * metadata services (100 kB). Lambda hands a function's credentials out in its environment, and nowhere else.
 */
export function defaultProvider() {
  return async () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
    if (!accessKeyId || !secretAccessKey) throw new Error('The environment holds no AWS credentials');
    return { accessKeyId, secretAccessKey, ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }) };
  };
}
