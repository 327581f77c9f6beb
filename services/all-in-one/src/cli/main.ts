// The `rapport` command.
import { Command, CommanderError } from '@commander-js/extra-typings'
import { addDatasetsCommand } from './commands/datasets.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addEventsCommand } from './commands/events.ts'
import { addImportCommand } from './commands/import.ts'
import { addKeysCommand } from './commands/keys.ts'
import { addLabelCommand } from './commands/label.ts'
import { addModelsCommand } from './commands/models.ts'
import { addGatewayCommand, addServeCommand } from './commands/serve.ts'
import { addStateCommand } from './commands/state.ts'
import { addTopicsCommand } from './commands/topics.ts'
import { addTrainCommand } from './commands/train.ts'
import { interruptionOf } from './connection.ts'
import { startDescription } from './commands/start-description.ts'
import { exitCodes } from './exit-codes.ts'
import { explain } from './explain.ts'

const program = new Command('rapport')
  .description('Runs Rapport, and talks to a running one over its REST API.')
  .addHelpText(
    'after',
    `
Where the platform is and who asks:
  RAPPORT_URL       default http://127.0.0.1:8080
  RAPPORT_KEY       an API key; default: the admin key in the data folder
  RAPPORT_DATA_DIR  the data folder; default ./data

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.`,
  )
  .exitOverride()
  .showHelpAfterError('(rapport COMMAND --help explains)')

// `start` brings the whole platform with it; the other commands are there at once without.
if (process.argv.includes('start')) (await import('./commands/start.ts')).addStartCommand(program)
else program.command('start').description(startDescription)
addServeCommand(program)
addGatewayCommand(program)
addTopicsCommand(program)
addImportCommand(program)
addDatasetsCommand(program)
addTrainCommand(program)
addLabelCommand(program)
addModelsCommand(program)
addKeysCommand(program)
addStateCommand(program)
addEventsCommand(program)
addDemoCommand(program)

// A reader that has had enough (`rapport events tail | head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.done : exitCodes.failed),
)

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  } else {
    const interruption = interruptionOf(error)
    process.stderr.write(`${explain(interruption ?? error)}\n`)
    process.exitCode = interruption ? exitCodes.interrupted : exitCodes.failed
  }
}
