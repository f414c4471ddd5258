/** Claims and completes on `workers` loops side by side until the time is up; resolves to the cycles per second. */
export async function cyclesPerSecond({ workers, ms, cycle }) {
  const begin = performance.now();
  let cycles = 0;
  const work = async () => {
    while (performance.now() - begin < ms) {
      if (!(await cycle())) throw new Error('The queue ran empty.');
      cycles += 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return { rate: cycles / ((performance.now() - begin) / 1000), used: cycles };
}

/** The same for a library that runs the loops itself and calls a function for each job. */
export async function countedPerSecond({ ms, start }) {
  let cycles = 0;
  const stop = await start(() => {
    cycles += 1;
  });
  const before = cycles;
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const rate = (cycles - before) / ((performance.now() - begin) / 1000);
  await stop();
  return { rate, used: cycles };
}

export const JOB = {
  description: 'Deploy the new monitoring stack, keep the old dashboards, and write down what changed.',
};
