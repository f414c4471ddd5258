import { storeContract } from '../contracts/store.contract.ts';
import { aWorld } from './world.ts';

storeContract('the SQLite store in memory', (policy) => aWorld(policy));
