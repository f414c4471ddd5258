import { join } from 'node:path';
import { storeContract } from '../contracts/store.contract.ts';
import { aFolder, aWorld } from './world.ts';

storeContract('the SQLite store in a file', (policy) =>
  aWorld({ ...policy, path: join(aFolder(), 'tasks.db') }),
);
