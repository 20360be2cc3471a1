import type { Rule } from '../rule.ts';
import { adaptive } from './adaptive.ts';
import { consecutive } from './consecutive.ts';
import { none } from './none.ts';
import { readAndWrite } from './read-and-write.ts';
import { sharedOpen } from './shared-open.ts';

/** Published rules, on the same arrivals. */
export const RIVALS: readonly Rule[] = [none, readAndWrite, consecutive, sharedOpen, adaptive];
