/** Changes of tables, as the service reads them from the database. @see SOURCE.md#supabase-changes */
import { createHash } from 'node:crypto';
import { push, tellSystem, type Binding, type Channel } from './channel.ts';
import { fits } from './filter.ts';
import type { World } from './world.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Change {
  readonly type: 'INSERT' | 'UPDATE' | 'DELETE';
  /** @default 'public' */
  readonly schema?: string;
  readonly table: string;
  /** After an insert or an update. */
  readonly record?: Row;
  /** Before an update or a deletion: the primary key, or all where the table's replica identity is full. */
  readonly oldRecord?: Row;
  /** @default what the values look like */
  readonly columns?: readonly { readonly name: string; readonly type: string }[];
}

/** The same for the same question, as at the service. */
const idOf = (question: object): number =>
  createHash('sha256').update(JSON.stringify(question)).digest().readUInt32BE() >>> 5;

export function bindingsOf(given: unknown): readonly Binding[] {
  if (!Array.isArray(given)) return [];
  return given.map((one: unknown) => {
    const question = Object(one) as Omit<Binding, 'id'>;
    return { id: idOf(question), ...question };
  });
}

const systemName = 'postgres_changes';

/** Some time after the join: before that, changes pass unseen. */
export function announceChanges(channel: Channel): void {
  if (channel.bindings.length === 0) return;
  const { clock, times } = channel.connection.world;
  channel.hearsChanges = false;
  const announce = (): void => {
    const wrong = complaint(channel.bindings);
    channel.hearsChanges = wrong === undefined;
    tellSystem(channel, wrong ? 'error' : 'ok', wrong ?? 'Subscribed to PostgreSQL', systemName);
  };
  channel.stopAnnouncing();
  channel.stopAnnouncing = clock.schedule(announce, times.changesReadyMs);
}

function complaint(bindings: readonly Binding[]): string | undefined {
  try {
    for (const { filter } of bindings) if (filter !== undefined) fits(filter, {});
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function concerns(binding: Binding, change: Change): boolean {
  const { event, schema, table, filter } = binding;
  const { type, schema: itsSchema = 'public', record, oldRecord } = change;
  return (
    (event === '*' || event === type) &&
    (schema === '*' || schema === itsSchema) &&
    (table === undefined || table === '*' || table === change.table) &&
    (filter === undefined || fits(filter, record ?? oldRecord ?? {}))
  );
}

/** Tells everybody who asked for it. Answers how many channels. */
export function tellChange(world: World, change: Change): number {
  let told = 0;
  for (const { channels } of world.connections)
    for (const channel of channels.values()) {
      if (!channel.hearsChanges) continue;
      const bindings = channel.bindings.filter((binding) => concerns(binding, change));
      const [first] = bindings;
      if (!first) continue;
      world.rates.messages.add();
      const ids = bindings.map(({ id }) => id);
      push(channel, systemName, { ids, data: shown(world, change, first) }, { isForAll: true });
      told += 1;
    }
  return told;
}

const typeOf = (value: unknown): string =>
  ({ number: Number.isInteger(value) ? 'int8' : 'float8', boolean: 'bool', object: 'jsonb' })[
    typeof value as 'number'
  ] ?? 'text';

function shown(world: World, change: Change, { select }: Binding): object {
  const { type, schema = 'public', table, record, oldRecord } = change;
  const only = (row: Row): Row =>
    select
      ? Object.fromEntries(Object.entries(row).filter(([name]) => select.includes(name)))
      : row;
  const columns =
    change.columns ??
    Object.entries(record ?? oldRecord ?? {}).map(([name, value]) => ({
      name,
      type: typeOf(value),
    }));
  return {
    ...{ schema, table, type, errors: null },
    commit_timestamp: new Date(world.clock.now()).toISOString(),
    columns: columns.filter(({ name }) => !select || select.includes(name)),
    ...(record && { record: only(record) }),
    ...(oldRecord && { old_record: only(oldRecord) }),
  };
}
