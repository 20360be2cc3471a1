/** What the health check last found of a server: an item of the circuits' table with the key `health#SERVER`, as JSON in one attribute. */
export const HEALTH_KEY_PREFIX = 'health#';
export const HEALTH_ATTRIBUTE = 'health';

/** A certificate or a token that ends within so many days is warned of. */
export const EXPIRY_WARNING_DAYS = 21;

/** A scheduler knows no less: checks that come more often are rounds within one run. */
export const SHORTEST_SCHEDULE_SECONDS = 60;

/** What Lambda may run a health check for, seconds: a minute of checks that come more often than that, and the last of them. */
export const HEALTH_CHECK_TIMEOUT_SECONDS = 75;

/** The route key of the event by which the function of an isolated server is told to check it: none that API Gateway could send. */
export const HEALTH_ROUTE_KEY = 'HEALTH';
