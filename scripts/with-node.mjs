// Runs a TypeScript file of the workspace under the pinned Node: node scripts/with-node.mjs FILE [ARG ...]
import { install, runNode } from './toolchain.mjs'

install()
runNode(process.argv.slice(2))
