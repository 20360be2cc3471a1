/**
 * The table of records that expire: what a server said of itself (era, discover result), its sessions and their leases;
 * later cached results, idempotency records and deferred calls.
 *
 * Code never trusts TTL: DynamoDB deletes late, so an item whose `expiresAtSeconds` has passed is read as absent.
 */
export const RECORDS_TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Epoch seconds; the table's TTL attribute. */
  expiry: 'expiresAtSeconds',
} as const;

/** Begins the partition of what is stored for one principal (`kind:name`), so that it can be deleted without a scan. */
export const PRINCIPAL_PARTITION = 'principal#';
