/** A database that this server must not or cannot use. The message names the file and the next step. */
export class DatabaseRefused extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DatabaseRefused';
  }
}
