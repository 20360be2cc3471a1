import { untilShutdown } from '../../lib/compose.ts';
import { composeIsolatedServer } from '../../lib/compose-health.ts';
import { ENVIRONMENT } from '../../lib/contract/environment.ts';
import { createHandler } from './create-handler.ts';

const server = process.env[ENVIRONMENT.onlyServer] ?? '';

export const handler = createHandler(() => untilShutdown(composeIsolatedServer(process.env)), server);
