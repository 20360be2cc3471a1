import { composeFusebox, untilShutdown } from '../../lib/compose.ts';
import { ENVIRONMENT } from '../../lib/contract/environment.ts';
import { createHandler } from './create-handler.ts';

const server = process.env[ENVIRONMENT.onlyServer] ?? '';

export const handler = createHandler(() => untilShutdown(composeFusebox(process.env)), server);
