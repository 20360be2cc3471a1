/**
 * What a deployment refuses, because it would land in a template or an asset, or could never work from Lambda.
 *
 * A value that an environment variable has on the deploying machine never goes along: only `${env:NAME}` does, and only
 * where the construct's `environment` gives the functions that variable.
 */

import { addressFaults } from './addresses.ts';
import { ConfigError, type ConfigFault, fault } from './errors.ts';
import { normalise } from './normalise.ts';
import { entriesOf, formatPath, isObject, type Path, textOf } from './path.ts';
import { resolveConfig } from './resolve.ts';
import type { FuseboxConfig } from './schema.ts';
import { holdsToken, isSecretHeader, isSecretVariable, secretPartsOf } from './secrets.ts';
import { PLACEHOLDER, variablesOf } from './substitute.ts';
import { validate } from './validate.ts';

export interface DeploymentOptions {
  /** Names of the variables that the construct's `environment` gives the functions. @default none */
  readonly environment?: readonly string[];
}

export interface DeploymentConfig {
  /** Validated and complete, `${env:NAME}` unfilled. */
  readonly config: FuseboxConfig;
  /** What to pack for the functions: the document without its disabled servers. */
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * The configuration as the construct needs it.
 *
 * @param raw a document of our form (`readDocumentFile().raw`)
 * @param source where it came from, for the error's message
 * @throws ConfigError with every fault
 */
export function deploymentConfig(raw: unknown, source: string, options: DeploymentOptions = {}): DeploymentConfig {
  const document = withoutDisabled(normalise(raw));
  const faults = checkDeployment(raw, options);
  const { file } = validate(document);
  if (file === undefined || faults.length > 0) throw new ConfigError(source, faults);
  return { config: resolveConfig(file), document };
}

function withoutDisabled(document: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(document) || !isObject(document['mcpServers'])) return {};
  const served = Object.entries(document['mcpServers']).filter(
    ([, server]) => !isObject(server) || server['disabled'] !== true,
  );
  return { ...document, mcpServers: Object.fromEntries(served) };
}

/**
 * Every fault of a document of our form, as a deployment sees it: those of the schema, and those of the rules above.
 * Disabled servers stay at home, so only the schema concerns them.
 */
export function checkDeployment(raw: unknown, { environment = [] }: DeploymentOptions = {}): ConfigFault[] {
  const written = normalise(raw);
  const served = withoutDisabled(written);
  return [
    ...validate(written).faults,
    ...cdkTokens(served),
    ...entriesOf(served['mcpServers']).flatMap(([name, server]) =>
      isObject(server) ? serverFaults(name, server, environment) : [],
    ),
    ...otherPlaceholders(served),
  ];
}

function serverFaults(
  name: string,
  server: Readonly<Record<string, unknown>>,
  environment: readonly string[],
): ConfigFault[] {
  const path: Path = ['mcpServers', name];
  if (server['type'] === 'stdio') return [stdioFault(path)];
  const headers = entriesOf(server['headers']).flatMap(([header, value]) =>
    headerFaults([...path, 'headers', header], name, header, textOf(value)),
  );
  const rest = Object.entries(server).filter(([key]) => key !== 'headers');
  return [
    ...headers,
    ...urlFaults([...path, 'url'], name, textOf(server['url'])),
    ...unreachable(path, server),
    ...rest.flatMap(([key, value]) => tokensIn(value, [...path, key])),
    ...rest.flatMap(([key, value]) => missingVariables(value, [...path, key], environment)),
  ];
}

const stdioFault = (path: Path): ConfigFault =>
  fault(
    path,
    'a stdio server',
    'an http or sse server',
    'a stdio server cannot run in Lambda. Host it behind HTTP (for example with mcp-proxy in a container) and give its https URL; ' +
      'locally `npm start` bridges it as it stands',
  );

/** A header with a secret in it: the fix is spelled out, ready to paste; the value is never shown. */
function headerFaults(path: Path, server: string, header: string, value: string): ConfigFault[] {
  const substituted = value.includes('${');
  const literal = isSecretHeader(header) || /^(bearer|basic) /i.test(value) || holdsToken(value);
  if (!substituted && !literal) return [];
  const found = substituted ? 'a value from a variable' : 'a literal secret';
  const message = `${found} would land in the deployment. Remove the header and add ${authFor(server, header, value)}`;
  return [fault(path, found, 'no such header: "auth" with the name of a secret', message)];
}

function authFor(server: string, header: string, value: string): string {
  const owner = formatPath(['mcpServers', server]);
  if (/^authorization$/i.test(header) && /^(bearer\s|\$\{)/i.test(value)) {
    return `${bearerAuth(server)} to ${owner}, then store the token (without "Bearer ") in Secrets Manager under the name ${server}-token`;
  }
  return (
    `"auth": { "type": "header", "name": "${header}", "secret": "${server}-key" } to ${owner}, ` +
    `then store the header's value in Secrets Manager under the name ${server}-key`
  );
}

const bearerAuth = (server: string): string => `"auth": { "type": "bearer", "secret": "${server}-token" }`;

function urlFaults(path: Path, server: string, url: string): ConfigFault[] {
  const variables = [...url.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '').filter(isSecretVariable);
  const secrets = [...secretPartsOf(url), ...variables.map((name) => `the variable ${name}`)];
  return secrets.map((part) => secretInUrl(path, server, part));
}

function secretInUrl(path: Path, server: string, part: string): ConfigFault {
  const fix = `Take it out of the URL; where the server takes a header instead, add ${bearerAuth(server)} and store the token in Secrets Manager under the name ${server}-token`;
  return fault(path, part, 'a URL without secrets', `a secret would land in the deployment (${part}). ${fix}`);
}

/** Such as a token where the name of its secret belongs. */
function tokensIn(value: unknown, path: Path): ConfigFault[] {
  const message =
    'a literal secret would land in the deployment. Store it in Secrets Manager and write only its name, as "auth.secret"';
  return textsIn(value, path)
    .filter(({ path: at, text }) => at.at(-1) !== 'url' && holdsToken(text))
    .map(({ path: at }) => fault(at, 'a literal secret', 'the name of a secret in Secrets Manager', message));
}

/** What is wrong with an address wherever it is called from is the schema's to say ({@link validate}). */
function unreachable(path: Path, server: Readonly<Record<string, unknown>>): ConfigFault[] {
  if (addressFaults(path, server, false).length === addressFaults(path, server, true).length) return [];
  const message =
    'an address of this machine (loopback or unspecified) is out of reach from Lambda: give the https URL where the server is hosted';
  return [fault([...path, 'url'], 'an address of this machine', 'a public https:// URL', message)];
}

function missingVariables(value: unknown, path: Path, environment: readonly string[]): ConfigFault[] {
  return textsIn(value, path).flatMap(({ path: at, text }) => {
    const missing = variablesOf(text).filter((name) => !environment.includes(name));
    return missing.map((name) =>
      fault(
        at,
        `\${env:${name}}, which the functions do not have`,
        "a value, or a variable of the construct's `environment`",
        `\${env:${name}} is not filled in from the deploying machine. Write the value itself, or pass ${name} via the construct's \`environment\``,
      ),
    );
  });
}

/** Outside of servers a value is needed when the template is made. */
function otherPlaceholders(document: Readonly<Record<string, unknown>>): ConfigFault[] {
  const { mcpServers: _servers, ...others } = document;
  return textsIn(others, [])
    .filter(({ text }) => text.search(PLACEHOLDER) >= 0)
    .map(({ path }) =>
      fault(
        path,
        'a placeholder',
        'the value itself',
        'a placeholder cannot stand here in a deployment: write the value itself',
      ),
    );
}

function cdkTokens(document: unknown): ConfigFault[] {
  const message =
    'a CDK token has no value yet when the configuration is packed. Write ${env:NAME} here ' +
    "and pass { NAME: <the token> } via the construct's `environment`";
  return textsIn(document, [])
    .filter(({ text }) => /[$#]\{Token\[/.test(text))
    .map(({ path }) => fault(path, 'a CDK token', 'a value, or ${env:NAME}', message));
}

function textsIn(value: unknown, path: Path): { path: Path; text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  const entries = Array.isArray(value) ? [...value.entries()] : entriesOf(value);
  return entries.flatMap(([key, item]) => textsIn(item, [...path, key]));
}
