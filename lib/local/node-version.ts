import { LocalRunError } from './errors.ts';

/** The Node.js that the functions run on in Lambda (`nodejs24.x`); `package.json` pins its binary. */
const LAMBDA_NODE_MAJOR = 24;

/**
 * @param version as in `process.versions.node`
 * @throws LocalRunError when the functions would run on another Node.js than in Lambda
 */
export function checkNodeVersion(version: string): void {
  if (Number.parseInt(version, 10) === LAMBDA_NODE_MAJOR) return;
  throw new LocalRunError(
    `Node.js ${version} is not Lambda's ${LAMBDA_NODE_MAJOR}: node_modules/.bin/node is missing or not used; run npm ci without --ignore-scripts, then npm start`,
  );
}
