/**
 * The table of circuits: one item each, which stays. No time to live: a circuit that was forgotten would begin again at
 * epoch 1, and epochs must never go back. No sort key: nothing is ever asked of several circuits at once.
 */
export const CIRCUITS_TABLE = {
  partitionKey: 'pk',
} as const;
