import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createIo } from '../../cli/io.ts';

const quiet = { write: () => true };
const readAll = (...chunks: readonly Buffer[]) =>
  createIo({ stdin: Readable.from(chunks), stdout: quiet, stderr: quiet }, {}).readAll();

describe('standard input', () => {
  it('is text in UTF-8, however it is cut into pieces', async () => {
    const bytes = Buffer.from('\ufeffgrün 🙂\r\n');
    expect(await readAll(...Array.from(bytes, (byte) => Buffer.from([byte])))).toBe('grün 🙂');
    expect(await readAll()).toBe('');
  });

  it.each([
    ['Latin-1', Buffer.from('grün', 'latin1')],
    ['UTF-16', Buffer.from('\ufefftext', 'utf16le')],
    ['a character cut in two', Buffer.from('🙂').subarray(0, 2)],
  ])('in another encoding is refused: %s', async (_what, bytes) => {
    await expect(readAll(bytes)).rejects.toMatchObject({
      code: 'usage',
      message: 'Standard input is not valid UTF-8 text.',
    });
  });
});
