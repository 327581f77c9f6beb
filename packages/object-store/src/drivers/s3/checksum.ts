/** CRC-32 as S3 has it in headers: base64 of four bytes, the highest first. */
export function toChecksum(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc)
  return bytes.toString('base64')
}
