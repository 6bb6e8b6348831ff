import { describe, expect, it } from 'vitest';
import { errorCodes, RealtimeError } from './errors.ts';

describe('RealtimeError', () => {
  it('names its code in the message, and keeps cause and the vendor’s code', () => {
    const cause = new Error('below');
    const error = new RealtimeError('forbidden', 'not here', { cause, vendorCode: 40_160 });
    expect(error).toMatchObject({
      message: '[anywire:forbidden] not here',
      name: 'RealtimeError',
      code: 'forbidden',
      retryable: false,
      vendorCode: 40_160,
      cause,
    });
    expect('cause' in new RealtimeError('closed', 'x')).toBe(false);
  });

  it('has each code once, and says of 10 that they pass', () => {
    expect(new Set(errorCodes).size).toBe(errorCodes.length);
    const passing = errorCodes.filter((code) => new RealtimeError(code, '').retryable);
    expect(passing.sort()).toEqual([
      'auth_failed',
      'connection_failed',
      'expired',
      'outbox_full',
      'rate_limited',
      'server_error',
      'storage_failed',
      'suspended',
      'timeout',
      'token_expired',
    ]);
  });

  it('knows the errors of another copy of core, and nothing else', () => {
    const foreign = Object.assign(new Error('x'), { isRealtimeError: true, code: 'closed' });
    expect(RealtimeError.is(foreign)).toBe(true);
    expect(RealtimeError.is(foreign, 'closed')).toBe(true);
    expect(RealtimeError.is(foreign, 'aborted')).toBe(false);
    expect(RealtimeError.is({ isRealtimeError: true, code: 'closed' })).toBe(false);
    expect(RealtimeError.is(new Error('x'))).toBe(false);
    expect(RealtimeError.is(undefined)).toBe(false);
  });

  it('is made of anything, and never wraps itself', () => {
    const own = new RealtimeError('closed', 'x');
    expect(RealtimeError.from(own, 'server_error')).toBe(own);
    expect(RealtimeError.from('text')).toMatchObject({ code: 'server_error', cause: 'text' });
    expect(RealtimeError.from(new Error('below'), 'auth_failed')).toMatchObject({
      code: 'auth_failed',
      message: '[anywire:auth_failed] below',
    });
    expect(RealtimeError.from(undefined).message).toContain('undefined');
  });
});
