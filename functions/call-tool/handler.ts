import { composeToolCaller, untilShutdown } from '../../lib/compose.ts';
import { createHandler } from './create-handler.ts';

export const handler = createHandler(() => untilShutdown(composeToolCaller(process.env)));
