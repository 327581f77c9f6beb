// Run while an image is built: assemble-process.ts SERVICE FOLDER
import { assemble } from './assemble.ts'

const [, , service = '', out = ''] = process.argv
if (service === '' || out === '') throw new Error('SERVICE is not set: --build-arg SERVICE=ingestion')
await assemble(process.cwd(), service, out)
