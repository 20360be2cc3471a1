import { composeOperator } from '../../lib/compose.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => composeOperator(process.env));
