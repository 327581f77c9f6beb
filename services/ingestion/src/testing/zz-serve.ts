import { startIngestion } from './start-ingestion.ts'
const running = await startIngestion()
const { url } = await running.server.listen({ port: 0 })
console.log(JSON.stringify({ url, key: running.key, pid: process.pid }))
process.on('SIGTERM', () => {
  const u = process.cpuUsage()
  console.error(JSON.stringify({ cpu: (u.user + u.system) / 1e6, rss: process.memoryUsage().rss / 1e6 }))
  void running[Symbol.asyncDispose]().then(() => process.exit(0))
})
