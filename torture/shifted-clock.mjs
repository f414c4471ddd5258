// Loaded before the server (`--import`): the same server, on a machine whose wall clock somebody sets. The
// offset in milliseconds stands in a file; the monotonic clock is left alone, as the system leaves it.
import { readFileSync } from 'node:fs';

const file = process.env.TORTURE_CLOCK_FILE;
const RealDate = Date;
let offsetMs = 0;

function look() {
  const read = Number(readFileSync(file, 'utf8'));
  if (Number.isFinite(read)) offsetMs = read;
}

const ShiftedDate = new Proxy(RealDate, {
  construct: (target, given, of) =>
    Reflect.construct(target, given.length === 0 ? [RealDate.now() + offsetMs] : given, of),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + offsetMs : Reflect.get(target, name)),
});

if (file !== undefined) {
  look();
  setInterval(look, 50).unref();
  globalThis.Date = ShiftedDate;
}
