import { publicTopics, type PublicTopic } from '../../packages/contracts/src/async-api.ts'

const day = 24 * 60 * 60 * 1000

function kept({ cleanup, retentionMs, retentionBytes }: PublicTopic): string {
  if (cleanup === 'compact') return 'the newest record of each key'
  const time = retentionMs === undefined ? [] : [`${retentionMs / day} days`]
  const size = retentionBytes === undefined ? [] : [`${retentionBytes / 1024 ** 3} GiB a partition`]
  return [...time, ...size].join(', at most ')
}

/** The public topics as a Markdown table. */
export const topicTable = (): string =>
  [
    '| topic | others may | a record | key | partitions | kept |',
    '|---|---|---|---|---|---|',
    ...publicTopics.map(
      (topic) =>
        `| \`${topic.name}\` | ${topic.use} | ${topic.summary} | ${topic.key} | ${topic.partitions} | ${kept(topic)} |`,
    ),
    '',
  ].join('\n')
