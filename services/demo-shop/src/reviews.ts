import type { Random } from './random.ts'
import type { Visitor } from './visitors.ts'

interface Phrases {
  readonly openings: readonly string[]
  readonly verdicts: Readonly<Record<'good' | 'fair' | 'poor', readonly string[]>>
  readonly closings: readonly string[]
  readonly join: string
}

const phrases: Readonly<Record<Visitor['language'], Phrases>> = {
  en: {
    openings: [
      'Bought this two weeks ago.',
      'It came in time for the weekend.',
      'My second one from this shop.',
      'Ordered on a friend’s advice.',
    ],
    verdicts: {
      good: [
        'I use it every single day and would not give it back.',
        'Looks lovely and does its job without fuss.',
        'Far nicer than I dared to hope.',
      ],
      fair: [
        'It is all right for the money, nothing more.',
        'Does what it says, although the colour is not quite the one in the picture.',
        'No strong feelings: it works.',
      ],
      poor: [
        'The finish came off after a few days.',
        'Smaller than I thought and rather flimsy, so back it goes.',
        'It broke on first use, and nobody answered my mail.',
      ],
    },
    closings: ['', 'Delivery took three days.', 'The box was neat.'],
    join: ' ',
  },
  zh: {
    openings: ['用了两个星期才来说说。', '周末前就到手了。', '这是在这家店买的第二件。', '朋友介绍过来买的。'],
    verdicts: {
      good: ['每天都离不开它，真心喜欢。', '样子好看，做工也扎实。', '比想象中好太多，家里人都夸。'],
      fair: ['对得起这个价，没什么惊喜。', '能用，就是颜色跟图上差一点。', '中规中矩吧，说不上好坏。'],
      poor: ['没几天表面就掉漆了，挺失望。', '比想的小，手感单薄，已经申请退货。', '第一次用就坏，客服也不理人。'],
    },
    closings: ['', '物流走了三天。', '包装还算整齐。'],
    join: '',
  },
}

/** A review with its stars: what somebody writes who cares this much (0 to 1) for the product. */
export function writeReview(
  language: Visitor['language'],
  liking: number,
  random: Random,
): { rating: number; review: string } {
  const rating = Math.min(5, Math.max(1, Math.round(2.2 + 3 * liking + random.between(-1.4, 1.4))))
  const { openings, verdicts, closings, join } = phrases[language]
  const verdict = rating >= 4 ? verdicts.good : rating === 3 ? verdicts.fair : verdicts.poor
  const parts = [random.pick(openings), random.pick(verdict), random.pick(closings)]
  return { rating, review: parts.filter((part) => part !== '').join(join) }
}
