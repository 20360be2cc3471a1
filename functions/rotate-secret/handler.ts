import { composeRotator } from '../../lib/compose-rotation.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => composeRotator(process.env));
