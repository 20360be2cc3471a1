import { composeFusebox } from '../../lib/compose.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => composeFusebox(process.env));
