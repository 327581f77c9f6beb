import type { Command } from '@commander-js/extra-typings'
import { createLogger, readConfig, stopSignal } from '@rapport/service-kit'
import { AllInOneConfigSchema } from '../../compose-services.ts'
import { adminKeyPath } from '../../data-folder.ts'
import { startPlatform } from '../../platform.ts'
import { startShop } from '../../shop.ts'
import { print } from '../output.ts'
import { startDescription } from './start-description.ts'
import { variablesHelp } from '../variables-help.ts'

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description(startDescription)
    .option('--no-shop', 'leave the demo shop out')
    .option('--port <port>', 'port of the HTTP server (PORT)')
    .option('--data-dir <folder>', 'data folder (RAPPORT_DATA_DIR)')
    .addHelpText('after', help)
    .action(async (options) => {
      const env = {
        // A terminal shows what matters; every line is one variable away.
        RAPPORT_LOG_LEVEL: 'warn',
        ...process.env,
        ...(options.port !== undefined && { PORT: options.port }),
        ...(options.dataDir !== undefined && { RAPPORT_DATA_DIR: options.dataDir }),
      }
      await run(readConfig(AllInOneConfigSchema, env), options.shop)
    })
}

const help = `
The data folder holds everything: the event log, the state, the archive, the models, and admin-key, the API key of
the first tenant. Ctrl-C stops the platform; the next start on the folder goes on where it was. Two starts on one
folder are refused. Warnings and errors alone are logged here unless RAPPORT_LOG_LEVEL says otherwise.

Examples:
  rapport start
  rapport start --no-shop --port 9000 --data-dir /var/lib/rapport

Environment:
${variablesHelp(AllInOneConfigSchema)}`

async function run(config: Parameters<typeof startPlatform>[0], wantsShop: boolean): Promise<void> {
  const log = createLogger('rapport', { level: config.RAPPORT_LOG_LEVEL, pretty: config.RAPPORT_LOG_PRETTY })
  const stopped = stopSignal()
  await using stack = new AsyncDisposableStack()
  const platform = stack.use(await startPlatform(config, log))
  print(`Rapport runs on ${platform.url}`)
  print(`  reference   ${platform.url}/docs`)
  print(`  admin key   ${adminKeyPath(config.RAPPORT_DATA_DIR)}`)
  if (wantsShop) {
    const shop = await startShop(platform, { dataDir: config.RAPPORT_DATA_DIR, print })
    if (shop) stack.use(shop)
  }
  await Promise.race([stopped, platform.failed])
  print('Stopping…')
}
