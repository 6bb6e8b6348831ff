/**
 * The rules that `check-layout.mjs` holds the repository to. The dependency direction:
 *
 *     protocol -> nothing          core -> nothing          emulators -> nothing of ours
 *     adapters -> core (ws, sse and socketio also -> protocol)
 *     testkit, react -> core
 *     server -> protocol, and core's error class
 *     backend -> server's store and kit, and core's error class
 */

const core = /^@anywire\/core(\/|$)/;
const coreErrors = /^@anywire\/core\/errors$/;
const protocol = /^@anywire\/protocol(\/|$)/;
/** What needs no socket: where messages are kept, and what an app is asked. */
const serverStore = /^@anywire\/server\/(store|kit)$/;

/** What of ours a package may import; the first row whose `name` fits its folder counts. */
export const allowedImports = [
  { name: /^protocol$/, imports: [] },
  { name: /^core$/, imports: [] },
  { name: /^adapter-(ws|sse|socketio)$/, imports: [core, protocol] },
  { name: /^adapter-/, imports: [core] },
  { name: /^(testkit|react)$/, imports: [core] },
  { name: /^server$/, imports: [protocol, coreErrors] },
  { name: /^backend$/, imports: [serverStore, coreErrors] },
  { name: /^emulators$/, imports: [] },
];

/** Packages that run in Node only, and may import its modules. */
export const nodePackages = /^(server|backend|emulators|testkit)$/;

/** Core's code knows no backend by name. */
export const vendorNames = /(?<![a-z])(pusher|ably|supabase|socket\.?io)(?![a-z])/i;
/** A dialect says which transport it is spoken on, in the words of the adapters' names. */
export const namesTransports = /\/core\/src\/dialect[\w-]*\.ts$/;

/** Lines of a source file, tests apart. */
export const lines = { warn: 200, fail: 250 };

/** Servers that must know nothing of us: they stand for those that run already. */
export const foreignServers = 'examples/existing-servers/servers/*.js';

/**
 * What no tracked file may hold. Patterns are written so that they do not match themselves.
 *
 * @type {readonly { pattern: RegExp, what: string, only?: string }[]}
 */
export const forbiddenText = [
  {
    pattern: /(?<![\w.])\/(work|root|home\/\w+|Users\/\w+|tmp\/bash[_]jobs)\//,
    what: 'a path of one machine',
  },
  { pattern: /https?:\/\/(?!json\.)|\btarball:/, what: 'an address', only: 'pnpm-lock.yaml' },
  { pattern: /registry\s*=/, what: 'a registry', only: '.npmrc' },
];

/** Which test file belongs to which project of vitest; `types` are those of types alone. */
export const testFiles = {
  unit: [
    'packages/*/src/**/*.test.ts',
    'packages/*/test/properties/*.test.ts',
    'examples/*/{page,server,servers,dialects}/*.test.ts',
  ],
  conformance: [
    'packages/*/test/**/*.conformance.test.ts',
    'examples/*/test/*.conformance.test.ts',
  ],
  faults: ['packages/*/test/**/*.faults.test.ts', 'tests/faults/*.test.ts'],
  types: ['packages/**/*.test-d.ts', 'tests/**/*.test-d.ts'],
  repo: ['tests/repo/*.test.ts'],
  browser: ['packages/*/test/**/*.browser.test.ts'],
  e2e: ['tests/e2e/*.test.ts'],
};
