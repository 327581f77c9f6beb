import type { Random } from './random.ts'
import type { Visitor } from './visitors.ts'

interface Letter {
  readonly subject: string
  readonly bodies: readonly string[]
}

/** What visitors write to the shop about something that they have ordered. */
const letters: Readonly<Record<Visitor['language'], readonly Letter[]>> = {
  en: [
    {
      subject: 'Still waiting',
      bodies: [
        'It is a week past the date you gave me and the postman has brought nothing.',
        'The map on your site has shown the van in the same town since Tuesday.',
      ],
    },
    {
      subject: 'Sending it back',
      bodies: [
        'It is not for me after all; tell me where to post it and when you will pay me back.',
        'I posted it to you ten days ago and my bank has seen nothing from you.',
      ],
    },
    {
      subject: 'Came in two pieces',
      bodies: [
        'One corner had snapped off inside the wrapping, so I cannot use it.',
        'It hummed twice and has been dead ever since.',
      ],
    },
    {
      subject: 'Before I order another',
      bodies: [
        'Would the larger one fit on a shelf of forty centimetres?',
        'Could you tell me whether it may go into the dishwasher?',
      ],
    },
  ],
  zh: [
    {
      subject: '还在等',
      bodies: ['你们说的日子过了一个礼拜，到今天连影子都没见着。', '网页上的小货车从礼拜二起就停在同一座城。'],
    },
    {
      subject: '想寄回给你们',
      bodies: ['用不上了，告诉我往哪儿寄、几时能把款子打回来。', '十天前就给你们寄回了，银行那边一分没见着。'],
    },
    {
      subject: '到手就成两半',
      bodies: ['打开一看一角已经断在纸里，没法用。', '嗡了两声，之后再没动静。'],
    },
    {
      subject: '再买一个之前问问',
      bodies: ['大的那款放得进四十厘米深的架子吗？', '请问它能进洗碗机洗吗？'],
    },
  ],
}

/** A letter to the shop. */
export function writeTicket(language: Visitor['language'], random: Random): { subject: string; body: string } {
  const { subject, bodies } = random.pick(letters[language])
  return { subject, body: random.pick(bodies) }
}
