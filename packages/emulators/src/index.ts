export * from './pusher/index.ts';
