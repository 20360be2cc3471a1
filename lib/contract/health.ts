/**
 * What the health check last found of a server: an item of the circuits' table, with the key `health#SERVER`.
 */
export const HEALTH_KEY_PREFIX = 'health#';

/** A certificate or a token that ends within so many days is warned of. */
export const EXPIRY_WARNING_DAYS = 21;

/** How often the health check is run, seconds: once a minute where any server wants so or more often, else less. */
export const SHORTEST_SCHEDULE_SECONDS = 60;
