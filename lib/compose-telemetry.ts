/** What the policies tell of themselves becomes counts, notes and warnings: part of {@link ./compose.ts}. */
import { warnOfChange, warnOfStore } from './compose-adapters.ts';
import type { Journal } from './mcp/journal.ts';
import type { CircuitChange, Telemetry } from './resilience/telemetry.ts';

export interface Listeners {
  readonly onStoreError?: ((operation: string, error: unknown) => void) | undefined;
  readonly onCircuitChange?: ((server: string, change: CircuitChange) => void) | undefined;
}

/** Counts a store error, and tells whoever listens; else warns. */
export function storeErrors(journal: Journal, { onStoreError = warnOfStore }: Listeners) {
  return (operation: string, error: unknown): void => {
    journal.storeFailed(operation);
    onStoreError(operation, error);
  };
}

/** Takes down what happens to the calls of one server. */
export function serverTelemetry(server: string, journal: Journal, listeners: Listeners): Telemetry {
  const { onCircuitChange = warnOfChange } = listeners;
  const onStoreError = storeErrors(journal, listeners);
  return (event) => {
    switch (event.type) {
      case 'store-error':
        return onStoreError(`circuit ${event.operation}`, event.error);
      case 'circuit':
        countChange(server, event.change, journal);
        journal.note({ message: `circuit ${event.change}`, server });
        return onCircuitChange(server, event.change);
      case 'retry':
        journal.waited(event.delayMs);
        return journal.note({ message: 'retry', server, attempt: event.attempt, delayMs: Math.round(event.delayMs) });
      case 'retry-budget-exhausted':
        journal.count(server, 'retryBudgetExhausted');
        return journal.note({ message: 'retry budget exhausted', server });
      case 'rejected':
        return journal.note({ message: 'rejected', server, by: event.by });
      case 'probe':
        return journal.note({ message: 'probe', server, succeeded: event.succeeded });
    }
  };
}

function countChange(server: string, change: CircuitChange, journal: Journal): void {
  if (change === 'opened' || change === 'reopened') journal.count(server, 'circuitOpened');
  if (change === 'closed') journal.count(server, 'circuitClosed');
}
