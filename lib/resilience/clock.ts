/** Wall-clock time, epoch milliseconds. A parameter, so that tests decide what time it is. */
export type Clock = () => number;

/** Uniform in [0, 1). */
export type Random = () => number;
