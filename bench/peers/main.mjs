/**
 * One peer as a process of its own, driven by messages: `main.mjs NAME PLACE`. Each file in `queues` exports
 * `open(place)`, which gives `fill(count)` and `run(workers, ms)`: how many jobs were claimed and completed.
 */
const [name, place] = process.argv.slice(2);
const { open } = await import(`./queues/${name}.mjs`);
const queue = await open(place);

const ORDERS = {
  fill: ({ count }) => queue.fill(count),
  run: ({ workers, ms }) => queue.run(workers, ms),
};

process.on('message', (order) => {
  ORDERS[order.kind](order).then(
    (report) => process.send({ report: report ?? null }),
    (error) => process.send({ error: String(error?.stack ?? error) }),
  );
});
process.once('SIGTERM', () => process.exit(0));
process.once('disconnect', () => process.exit(0));
process.send({ report: 'ready' });
