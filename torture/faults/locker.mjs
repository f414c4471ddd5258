// Another program that locks the database: `node locker.mjs FILE MILLISECONDS`.
import Database from 'better-sqlite3';

const [file, ms] = process.argv.slice(2);
const database = new Database(file, { timeout: 2000 });
database.exec('BEGIN EXCLUSIVE');
setTimeout(() => {
  database.exec('ROLLBACK');
  database.close();
}, Number(ms));
