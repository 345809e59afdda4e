/** The import table of the architecture as rules. A rule without a fence is a wish. */

const TESTS = '\\.test\\.tsx?$|^tests/';
const WORKERS = ['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'orchestrator', 'gateway', 'simulator'];
/** As a file of the installed package, as its bare name when it is not installed, and as its declared types. */
const npm = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)|^${name}(/|$)`;

/** `from` may only import what matches one of `allowed` (tests are free). */
const only = (name, comment, from, allowed) => ({
  name, comment, severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { pathNot: allowed },
});

/** `from` must not import `to` (tests are free). */
const never = (name, comment, from, to) => ({
  name, comment, severity: 'error',
  from: { path: from, pathNot: TESTS },
  to: { path: to },
});

/** A package that is imported in the named places alone. */
const onePlace = (name, packages, places) => ({
  name: `one-place-${name}`, severity: 'error',
  comment: `${name} is imported in one place; everyone else uses what that place exports.`,
  from: { path: '^(app|services|main|renderer|bench)/', pathNot: [TESTS, ...places] },
  to: { path: packages },
});

const ZOD = npm('zod');
const DECIMAL = npm('decimal\\.js');

/** app/: who may know whom. */
const APP_ROOMS = [
  only('app-domain', 'The nouns know nothing but zod and decimal.js.', '^app/domain/', ['^app/domain/', ZOD, DECIMAL]),
  only('app-contracts', 'Contracts speak of the nouns, in zod.', '^app/contracts/', ['^app/(contracts|domain)/', ZOD]),
  ...['market', 'indicators', 'execution', 'analytics', 'columns'].map((room) =>
    only(`app-${room}`, 'A room of the mind knows the nouns and itself.', `^app/${room}/`, [`^app/(domain|${room})/`, ZOD, DECIMAL])),
  only('app-risk', 'Risk knows the nouns and the exchange\'s hours.', '^app/risk/', ['^app/(domain|market|risk)/', ZOD, DECIMAL]),
  only('app-screener', 'A screen knows nouns and indicators.', '^app/screener/', ['^app/(domain|indicators|screener)/', ZOD, DECIMAL]),
  only('app-strategy', 'A strategy knows nouns and indicators; never risk, never contracts.', '^app/strategy/', ['^app/(domain|indicators|strategy)/', ZOD, DECIMAL]),
  only('app-backtest', 'The backtest knows all of the mind, and no boundary.', '^app/backtest/', ['^app/(?!contracts/)', ZOD, DECIMAL]),
  only('app-is-pure', 'app/ knows app/, zod and decimal.js: no Node, no other package, no other room.', '^app/', ['^app/', ZOD, DECIMAL]),
];

/** services/: workers do not know each other. */
const SERVICE_ROOMS = [
  never('services-know-app-only', 'services -> app is the only arrow out of services.', '^services/', '^(main|renderer|tests|bench|scripts)/'),
  never('chassis', 'The chassis serves every worker and knows none.', '^services/chassis/(?!calendar\\.ts)', '^services/(?!chassis/)|^app/(?!domain/|contracts/)'),
  never('chassis-calendar', "The chassis brings the broker's calendar to the exchange's, which all rooms ask.", '^services/chassis/calendar\\.ts$', '^services/(?!chassis/)|^app/(?!domain/|contracts/|market/)'),
  ...WORKERS.map((id) =>
    never(`no-worker-to-worker-${id}`, 'Workers talk through the book and the wire, never by import.', `^services/${id}/`, `^services/(?!${id}/|chassis/|alpaca/|research/)`)),
  never('alpaca-room', 'The Alpaca room knows app, the chassis and itself.', '^services/alpaca/', '^services/(?!alpaca/|chassis/)'),
  {
    name: 'alpaca-users', severity: 'error', comment: 'Only execution and data_ingestion speak to the broker.',
    from: { path: '^services/', pathNot: [TESTS, '^services/(alpaca|execution|data_ingestion)/'] },
    to: { path: '^services/alpaca/' },
  },
  never('research-room', 'The research room knows app, the chassis and itself.', '^services/research/', '^services/(?!research/|chassis/)'),
  {
    name: 'research-users', severity: 'error', comment: 'Only those who try strategies out read columns: no order waits for research.',
    from: { path: '^services/', pathNot: [TESTS, '^services/(research|strategy_engine|analytics|data_ingestion)/'] },
    to: { path: '^services/research/' },
  },
];

/** main/: starts services by file path. */
const MAIN_ROOMS = [
  never('main-knows-no-service', 'main starts services by path and never imports them.', '^main/', '^(services|renderer|tests|bench|scripts)/'),
  never('main-knows-no-trading', 'main speaks contracts; the trading mind is not its business.', '^main/', '^app/(?!contracts/|domain/)'),
  {
    name: 'humble-desktop', severity: 'error', comment: 'The desktop adapts; nobody but itself depends on it.',
    from: { path: '^main/', pathNot: [TESTS, '^main/desktop/'] },
    to: { path: '^main/desktop/' },
  },
];

/** renderer/: contracts, nouns, and pure arithmetic. */
const RENDERER_ROOMS = [
  never('renderer-rooms', 'The dashboard knows contracts and the pure parts of app.', '^renderer/', '^(services|main|tests|bench|scripts)/|^app/(?!contracts/|domain/|indicators/|analytics/|market/|screener/)'),
  {
    name: 'renderer-no-node', severity: 'error', comment: 'The dashboard runs in a browser.',
    from: { path: '^renderer/', pathNot: [TESTS, '^renderer/vite\\.config\\.ts$'] },
    to: { dependencyTypes: ['core'] },
  },
  never('renderer-no-server-packages', 'Servers speak through contracts.', '^renderer/(?!vite\\.config)', [npm('fastify'), npm('@fastify'), npm('pino'), npm('prom-client'), npm('ws')].join('|')),
];

const ONE_PLACE = [
  onePlace('electron', npm('electron'), ['^main/desktop/']),
  onePlace('pg', npm('pg'), ['^services/chassis/db', '^main/units/']),
  onePlace('ioredis', npm('ioredis'), ['^services/chassis/bus', '^main/units/redis']),
  onePlace('better-sqlite3', npm('better-sqlite3'), ['^main/store/', '^services/simulator/']),
  onePlace('alpaca-sdk', npm('@alpacahq/alpaca-trade-api'), ['^services/alpaca/']),
  onePlace('node-cron', npm('node-cron'), ['^services/orchestrator/']),
  onePlace('nodemailer', npm('nodemailer'), ['^services/notification/delivery/smtp']),
  onePlace('dbos', npm('@dbos-inc/dbos-sdk'), ['^services/chassis/flows', '^services/orchestrator/']),
  onePlace('worker-threads', '^(node:)?worker_threads$', ['^services/research/', '^bench/']),
  onePlace('quickjs', `${npm('quickjs-emscripten-core')}|${npm('@jitl')}`, ['^services/research/sandbox/']),
  onePlace('child-process', '^(node:)?child_process$', ['^main/(supervisor|units)/[a-z-]*(spawner|process-info)\\.ts$', '^main/desktop/setup-spawner\\.ts$', '^main/units/postgres', '^services/research/sandbox/child-spawner\\.ts$']),
  onePlace('plotly', `${npm('plotly\\.js')}|${npm('react-plotly\\.js')}`, ['^renderer/charts/chart\\.tsx$']),
];

const EVERYWHERE = [
  { name: 'no-circular', severity: 'error', comment: 'Two files that need each other are one file, or three.', from: {}, to: { circular: true } },
  { name: 'not-to-unresolvable', severity: 'error', comment: 'An import that leads nowhere.', from: {}, to: { couldNotResolve: true, pathNot: ['^electron$', '\\.css$'] } },
  {
    name: 'not-to-test', severity: 'error', comment: 'The product never leans on its tests.',
    from: { path: '^(app|services|main|renderer)/', pathNot: TESTS }, to: { path: TESTS },
  },
  {
    name: 'not-to-dev-dependency', severity: 'error', comment: 'What runs must be a real dependency (the dashboard is bundled, so its libraries need not be).',
    from: { path: '^(app|services|main)/', pathNot: TESTS }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: ['node_modules/@types/', '^electron$', '/electron/'] },
  },
  {
    name: 'not-to-undeclared', severity: 'error', comment: 'A package must be named in package.json.',
    from: { path: '^(app|services|main|renderer|bench)/' }, to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
  },
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [...APP_ROOMS, ...SERVICE_ROOMS, ...MAIN_ROOMS, ...RENDERER_ROOMS, ...ONE_PLACE, ...EVERYWHERE],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
