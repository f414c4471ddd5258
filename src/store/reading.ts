import { asStoreError } from './sqlite-errors.ts';

/** The port promises promises: a read that fails rejects, and is named like any other failure. */
export function reading<T>(read: () => T): Promise<T> {
  try {
    return Promise.resolve(read());
  } catch (error) {
    return Promise.reject(asStoreError(error));
  }
}
