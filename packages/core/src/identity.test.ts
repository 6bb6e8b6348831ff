import { describe, expect, it } from 'vitest';
import { leaveInstanceId, randomName, takeInstanceId } from './identity.ts';

function tab(items: Iterable<[string, string]> = []): {
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  copy: () => ReturnType<typeof tab>;
  watch: () => () => void;
} {
  const map = new Map(items);
  return {
    storage: {
      getItem: (key) => map.get(key) ?? null,
      setItem: (key, value) => void map.set(key, value),
      removeItem: (key) => void map.delete(key),
    },
    copy: () => tab(map),
    watch: () => () => {},
  };
}

describe('instance id', () => {
  it('survives a reload', () => {
    const page = tab();
    const id = takeInstanceId(page);
    leaveInstanceId(page, id);
    expect(takeInstanceId(page)).toBe(id);
  });

  it('is another one in a duplicated tab, which gets a copy of the storage', () => {
    const page = tab();
    const id = takeInstanceId(page);
    const duplicate = page.copy();
    expect(takeInstanceId(duplicate)).not.toBe(id);
  });

  it('exists without a storage', () => {
    const bare = { watch: () => () => {} };
    expect(takeInstanceId(bare)).toMatch(/^[a-z0-9]{16}$/);
    expect(() => leaveInstanceId(bare, 'x')).not.toThrow();
  });

  it('is lost, and nothing else, where the storage is full', () => {
    const setItem = (): never => {
      throw new DOMException('no', 'QuotaExceededError');
    };
    const page = tab();
    const full = { ...page, storage: { ...page.storage, setItem } };
    expect(() => leaveInstanceId(full, 'x')).not.toThrow();
    expect(takeInstanceId(full)).toMatch(/^[a-z0-9]{16}$/);
  });
});

describe('randomName', () => {
  it('is 16 characters of a to z and 0 to 9, and 1,000 of them differ', () => {
    const names = Array.from({ length: 1_000 }, randomName);
    expect(new Set(names).size).toBe(1_000);
    for (const name of names) expect(name).toMatch(/^[a-z0-9]{16}$/);
  });
});
