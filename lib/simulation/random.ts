import type { Random } from '../resilience/clock.ts';

/** The finaliser of MurmurHash3 (Appleby, public domain): neighbours become strangers. */
function mix(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const STRIDE = 0x9e3779b9;
const RANGE = 2 ** 32;

/** Uniform in [0, 1), from the seed alone. */
export function seededRandom(seed: number): Random {
  let state = mix(seed + STRIDE);
  return () => {
    state = (state + STRIDE) | 0;
    return (mix(state) >>> 0) / RANGE;
  };
}

/** Uniform in [0, 1), and always the same for these three: whatever else was drawn, the world stays the same. */
export const drawFor = (seed: number, purpose: number, index: number): number =>
  (mix(mix(seed + Math.imul(purpose, STRIDE)) + Math.imul(index, STRIDE)) >>> 0) / RANGE;

/** Of two uniform draws makes one of a lognormal distribution, by its median. Box and Muller 1958. */
export function lognormal(median: number, sigma: number, u: number, v: number): number {
  return median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - u)) * Math.cos(2 * Math.PI * v));
}

/** Of one uniform draw makes the time to the next event of a Poisson process. */
export const exponential = (mean: number, u: number): number => -mean * Math.log(1 - u);
