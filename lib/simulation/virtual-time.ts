/** Something that will happen. */
interface Event {
  readonly atMs: number;
  /** What was planned first happens first, at the same time. */
  readonly order: number;
  /** `undefined` once cancelled. */
  action: (() => void) | undefined;
}

/** When the story begins, epoch milliseconds: any time that looks like one. */
export const START_MS = 1_700_000_000_000;

/** Time before the story, for what is there when it begins. */
const PRELUDE_MS = 60_000;

/** So often the real event loop has its turn: for Ctrl-C, and the progress display. */
const YIELD_EVERY = 10_000;

/**
 * Time that passes only from one event to the next. Between two events every promise that can settle does, so that code with
 * `await` runs under it as it is.
 */
export class VirtualTime {
  readonly #heap: Event[] = [];
  #nowMs = START_MS - PRELUDE_MS;
  #order = 0;
  #steps = 0;

  /** Milliseconds, with fractions. */
  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, action: () => void): Event {
    const event: Event = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, action };
    push(this.#heap, event);
    return event;
  }

  after(ms: number, action: () => void): Event {
    return this.at(this.#nowMs + ms, action);
  }

  /**
   * Lets time pass until nothing is planned any more.
   *
   * @throws what an action throws; the signal's reason
   */
  run(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        const event = this.#pop();
        if (event === undefined) return resolve();
        this.#nowMs = event.atMs;
        try {
          event.action?.();
        } catch (error) {
          return reject(error);
        }
        this.#steps += 1;
        if (this.#steps % YIELD_EVERY > 0) queueMicrotask(stepAfterPromises);
        else stepAfterOthers();
      };
      // process.nextTick waits for the whole queue of promises, which may fill itself as it drains.
      const stepAfterPromises = () => process.nextTick(step);
      const stepAfterOthers = () => {
        if (signal?.aborted) reject(signal.reason);
        else setImmediate(step);
      };
      stepAfterOthers();
    });
  }

  #pop(): Event | undefined {
    let event = pop(this.#heap);
    while (event !== undefined && event.action === undefined) event = pop(this.#heap);
    return event;
  }
}

const isBefore = (a: Event, b: Event): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** A binary heap, the earliest event on top. */
function push(heap: Event[], event: Event): void {
  let index = heap.length;
  heap.push(event);
  while (index > 0) {
    const parentIndex = (index - 1) >> 1;
    const parent = heap[parentIndex] as Event;
    if (!isBefore(event, parent)) break;
    heap[index] = parent;
    index = parentIndex;
  }
  heap[index] = event;
}

function pop(heap: Event[]): Event | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    let childIndex = 2 * index + 1;
    if (childIndex >= heap.length) break;
    const right = heap[childIndex + 1];
    if (right !== undefined && isBefore(right, heap[childIndex] as Event)) childIndex += 1;
    const child = heap[childIndex] as Event;
    if (!isBefore(child, last)) break;
    heap[index] = child;
    index = childIndex;
  }
  heap[index] = last;
  return top;
}
