/** Where servers of a configuration may be: the URL guard's rules, as faults of a document. */
import { type AddressRules, type Block, checkUrl, describeBlock } from '../security/url-guard.ts';
import { type ConfigFault, fault } from './errors.ts';
import { isObject, type Path, textOf } from './path.ts';

const FIXES: Readonly<Record<Block, string>> = {
  loopback: 'give the https URL where the server is hosted',
  'private-network': 'if the server really is there, add "allowPrivateNetwork": true to it',
  forbidden: 'give the address of the server itself',
  http: 'use https://, or add "allowInsecureHttp": true to it',
  'not-http': 'use https://',
};

/** What stands in the way of a server's URL, as it is written; `undefined`: nothing, or only its placeholders know. */
export function blockOf(url: string, rules: AddressRules): Block | undefined {
  // A placeholder elsewhere must not keep the host from being seen.
  const plain = url.replaceAll(/\$\{[^}]*\}/g, 'placeholder');
  return URL.canParse(plain) && /^https?:/i.test(plain) ? checkUrl(new URL(plain), rules) : undefined;
}

/**
 * @param path of the server
 * @param loopback may servers of this machine be called? On one machine they may
 */
export function addressFaults(path: Path, server: unknown, loopback: boolean): ConfigFault[] {
  const { url, allowPrivateNetwork, allowInsecureHttp, disabled } = isObject(server) ? server : {};
  if (disabled === true) return [];
  const rules = { loopback, privateNetwork: allowPrivateNetwork === true, http: allowInsecureHttp === true };
  const block = blockOf(textOf(url), rules);
  if (block === undefined) return [];
  const message = `${describeBlock(block)}: ${FIXES[block]}`;
  return [fault([...path, 'url'], 'an address that is not allowed', 'a public https:// URL', message)];
}
