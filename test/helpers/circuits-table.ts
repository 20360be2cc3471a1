import type { TableModel } from '../../lib/local/assembly/model.ts';

/** The table of circuits as the template has it. */
export const CIRCUITS: TableModel = {
  name: 'circuits',
  keySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  attributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
};
