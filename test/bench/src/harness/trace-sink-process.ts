import { createServer } from 'node:http'

/** A collector that reads traces and keeps none: their number is counted in bytes and requests, on a line at its end. */
let bytes = 0
let requests = 0
const server = createServer((request, response) => {
  requests += 1
  request.on('data', (chunk: Buffer) => (bytes += chunk.length))
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(`http://127.0.0.1:${address.port}`)
})
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ bytes, requests }))
  server.close()
  server.closeAllConnections()
})
