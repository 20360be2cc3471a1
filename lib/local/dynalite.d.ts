declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** An embedded DynamoDB. */
  export default function dynalite(options?: {
    /** Folder of the store. @default in memory */
    path?: string;
    /** How long a new table stays CREATING, milliseconds. @default 500 */
    createTableMs?: number;
  }): Server;
}
