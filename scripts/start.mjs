// npm start: installs what is missing, then runs the whole platform on one port.
import { install, runNode } from './toolchain.mjs'

install()
runNode(['services/all-in-one/src/cli/main.ts', 'start', ...process.argv.slice(2)])
