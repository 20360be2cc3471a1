import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

const MAX_CAUSES = 3;

/** Powertools' log record without what the log group's name says already: the function's name, ARN and memory. */
export class CompactLogFormatter extends LogFormatter {
  override formatAttributes(base: UnformattedAttributes, extra: LogAttributes): LogItem {
    const attributes = {
      level: base.logLevel,
      message: base.message,
      timestamp: this.formatTimestamp(base.timestamp),
      service: base.serviceName,
      coldStart: base.lambdaContext?.coldStart,
      lambdaRequestId: base.lambdaContext?.awsRequestId,
    };
    return new LogItem({ attributes }).addAttributes(extra);
  }

  /** Name, message and stack only: an HTTP client's error carries the request, and the request carries the secret. */
  override formatError(error: Error): ReturnType<LogFormatter['formatError']> {
    const { name, message, stack = '' } = error;
    return { name, message, stack, location: this.getCodeLocation(stack), cause: causes(error) };
  }
}

function causes(error: Error): string[] {
  const found: string[] = [];
  let cause = error.cause;
  while (cause instanceof Error && found.length < MAX_CAUSES) {
    found.push(`${cause.name}: ${cause.message}`);
    cause = cause.cause;
  }
  return found;
}
