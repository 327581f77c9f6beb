import { Argument, type Command } from '@commander-js/extra-typings'

/** Programs that run one service; importing one runs it until a signal. */
const programs = {
  ingestion: () => import('@rapport/ingestion/main'),
  feature: () => import('@rapport/feature/main'),
  recommendation: () => import('@rapport/recommendation/main'),
  'text-classification': () => import('@rapport/text-classification/main'),
  sentiment: () => import('@rapport/sentiment/main'),
  control: () => import('@rapport/control/main'),
}
const names = Object.keys(programs) as (keyof typeof programs)[]

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .addArgument(new Argument('<service>', 'which one').choices(names))
    .option('--port <port>', 'port of the HTTP server (PORT)')
    .description('Runs one service as a process of its own, on Kafka, Redis and S3.')
    .addHelpText(
      'after',
      `
Everything else comes from the environment; services/<service>/README.md lists the variables of each. The topics have to
be there (rapport topics apply). SIGTERM ends it: readiness first, then the calls in flight, then the consumers.

Example:
  rapport serve feature --port 8082`,
    )
    .action((service, options) => run(programs[service], options.port))
}

export function addGatewayCommand(program: Command): void {
  program
    .command('gateway')
    .option('--port <port>', 'port of the HTTP server (PORT)')
    .description('Runs one address for services that run as processes of their own.')
    .addHelpText(
      'after',
      `
The environment says where the processes are (services/gateway/README.md lists the variables). A call goes to a process
that is ready, by the prefix of its path; the services check its key.

Example:
  RAPPORT_INGESTION_URLS=http://127.0.0.1:8081 RAPPORT_FEATURE_URLS=http://127.0.0.1:8082,http://127.0.0.1:8092 \\
  RAPPORT_RECOMMENDATION_URLS=http://127.0.0.1:8083 RAPPORT_TEXT_CLASSIFICATION_URLS=http://127.0.0.1:8085 \\
  RAPPORT_SENTIMENT_URLS=http://127.0.0.1:8086 RAPPORT_CONTROL_URLS=http://127.0.0.1:8084 rapport gateway`,
    )
    .action((options) => run(() => import('@rapport/gateway/main'), options.port))
}

async function run(load: () => Promise<unknown>, port: string | undefined): Promise<void> {
  if (port !== undefined) process.env['PORT'] = port
  await load()
}
