/** Every driver sets its queue up with these. */
export const LEASE_MS = 60_000;
export const MAX_ATTEMPTS = 2;
