import type { TableModel } from '../../lib/local/assembly/model.ts';

/** The table of records as the template has it. */
export const RECORDS: TableModel = {
  name: 'records',
  keySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  attributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  timeToLiveAttribute: 'expiresAtSeconds',
};
