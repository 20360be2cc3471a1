import { isObject } from '../../config/path.ts';
import { UnsupportedTemplateError } from '../errors.ts';

/** What `Ref` and `Fn::GetAtt` give. `undefined`: not known. */
export interface References {
  ref(logicalId: string): string | undefined;
  attribute(logicalId: string, name: string): string | undefined;
}

/** CloudFormation's pseudo parameters on one machine: the account and region of nobody. */
export const PSEUDO_PARAMETERS = {
  'AWS::AccountId': '000000000000',
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::URLSuffix': 'amazonaws.com',
} as const;

const NO_VALUE = 'AWS::NoValue';

/**
 * Replaces CloudFormation's intrinsic functions in `value` by what they give; members that give `AWS::NoValue` are left out.
 *
 * @param path where `value` stands in the template; errors name it
 * @throws UnsupportedTemplateError on a function or a reference that is not known
 */
export function resolveIntrinsics(value: unknown, path: string, references: References): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveIntrinsics(item, `${path}[${index}]`, references)).filter(isPresent);
  }
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return callIntrinsic(name, value[name], path, references);
  }
  const members = Object.entries(value).map(([key, member]) => [
    key,
    resolveIntrinsics(member, `${path}.${key}`, references),
  ]);
  return Object.fromEntries(members.filter(([, member]) => isPresent(member)));
}

function callIntrinsic(name: string, argument: unknown, path: string, references: References): string | undefined {
  if (name === 'Ref') return argument === NO_VALUE ? undefined : reference(argument, path, references);
  if (name === 'Fn::GetAtt') return attribute(argument, path, references);
  if (name === 'Fn::Join') return join(argument, path, references);
  if (name === 'Fn::Sub') return substitute(argument, path, references);
  throw new UnsupportedTemplateError(name, path);
}

function reference(argument: unknown, path: string, references: References): string {
  const value = typeof argument === 'string' ? references.ref(argument) : undefined;
  if (value === undefined) throw new UnsupportedTemplateError(`Ref ${JSON.stringify(argument)}`, path);
  return value;
}

function attribute(argument: unknown, path: string, references: References): string {
  const [logicalId, ...names] =
    typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? argument : [];
  const value = typeof logicalId === 'string' ? references.attribute(logicalId, names.join('.')) : undefined;
  if (value === undefined) throw new UnsupportedTemplateError(`Fn::GetAtt ${JSON.stringify(argument)}`, path);
  return value;
}

function join(argument: unknown, path: string, references: References): string {
  const resolved = resolveIntrinsics(argument, `${path}.Fn::Join`, references);
  const [separator, parts] = Array.isArray(resolved) ? resolved : [];
  if (typeof separator !== 'string' || !Array.isArray(parts)) throw new UnsupportedTemplateError('this Fn::Join', path);
  return parts.map(String).join(separator);
}

/** `${Name}`, `${Name.Attribute}`, and `${!Literal}`, which stays `${Literal}`. */
function substitute(argument: unknown, path: string, references: References): string {
  const [text, given] = Array.isArray(argument) ? argument : [argument, {}];
  const variables = resolveIntrinsics(given, `${path}.Fn::Sub`, references);
  if (typeof text !== 'string' || !isObject(variables)) throw new UnsupportedTemplateError('this Fn::Sub', path);
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    if (Object.hasOwn(variables, name)) return String(variables[name]);
    return name.includes('.') ? attribute(name, path, references) : reference(name, path, references);
  });
}

function isPresent(value: unknown): boolean {
  return value !== undefined;
}
