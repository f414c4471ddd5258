/** Lets everything else run until something has happened. Nothing sleeps: it looks again each turn. */
export async function until(happened: () => boolean, what = 'it'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!happened()) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within 10 s`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A few turns, for what must not happen. */
export async function turns(count = 20): Promise<void> {
  for (let n = 0; n < count; n += 1) await new Promise((resolve) => setImmediate(resolve));
}
