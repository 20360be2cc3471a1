import { poolLimits } from '../../../lib/local/lambda/function-pool.ts';

it.each([
  ['nothing is reserved', undefined, 10, { maxEnvironments: 10 }],
  ['less is reserved than the machine bears', 3, 10, { maxEnvironments: 3, maxQueued: 0 }],
  ['more is reserved than the machine bears', 25, 10, { maxEnvironments: 10, maxQueued: 15 }],
])('where %s', (_, reserved, bearable, expected) => {
  expect(poolLimits(reserved, bearable)).toEqual(expected);
});
