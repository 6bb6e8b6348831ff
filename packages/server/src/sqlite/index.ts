/**
 * `@anywire/server/sqlite`: an engine that survives a restart, on one machine. An entry point of its own, because Node 22
 * warns when `node:sqlite` is loaded.
 *
 * @module
 */
export { sqlite, type SqliteEngine, type SqliteOptions } from './sqlite.ts';
export type { Durability } from './database.ts';
