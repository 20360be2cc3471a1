import dns from 'node:dns';
import type { LookupFunction } from 'node:net';
import { type AddressRules, type Block, checkAddress, describeBlock } from './url-guard.ts';

/** A connection that was not opened: the address is not for this server. */
export class BlockedAddressError extends Error {
  override readonly name = 'BlockedAddressError';
  readonly code = 'EBLOCKED';
  readonly block: Block;

  constructor(block: Block) {
    super(`blocked: ${describeBlock(block)}`);
    this.block = block;
  }
}

type Addresses = readonly dns.LookupAddress[];
/** Every address of a name. */
export type Resolve = (
  hostname: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: dns.LookupAddress[]) => void,
) => void;

/** By way of the module, so that whoever traces or replaces its function is heard. */
export const systemResolve: Resolve = (hostname, options, callback) => dns.lookup(hostname, options, callback);

/**
 * A look-up for `node:net` that refuses a name one of whose addresses is not allowed. The connection goes to the very addresses that
 * were checked, so a name that is rebound between a check and a connection gains nothing.
 */
export function guardedLookup(rules: AddressRules, resolve: Resolve = systemResolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const refusal = error ?? refuse(addresses, rules);
      const [first] = addresses ?? [];
      if (refusal !== null || first === undefined) callback(refusal ?? new BlockedAddressError('forbidden'), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function refuse(addresses: Addresses, rules: AddressRules): BlockedAddressError | null {
  const blocks = addresses.map(({ address }) => checkAddress(address, rules));
  const block = blocks.find((found) => found !== undefined);
  return block === undefined ? null : new BlockedAddressError(block);
}
