import { composeCatalog, untilShutdown } from '../../lib/compose.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => untilShutdown(composeCatalog(process.env)));
