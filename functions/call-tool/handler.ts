import { composeFunction } from '../../lib/compose.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => composeFunction(process.env));
