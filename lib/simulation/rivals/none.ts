import { NOTHING_TO_PREPARE, type Rule } from '../rule.ts';

/** No breaker: every call is sent. */
export const none: Rule = {
  name: 'none',
  summary: 'every call is sent',
  start: () => () => ({
    prepare: NOTHING_TO_PREPARE,
    call: async (call) => void (await call.send()),
  }),
};
