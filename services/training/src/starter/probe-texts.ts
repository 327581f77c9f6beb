/**
 * What a starter model answers to these is part of its revision: they have what a tokenizer may treat differently one day,
 * and none of them is clear.
 */
export const probeTexts: readonly string[] = [
  '房间还可以,但是早餐太少了',
  '物流很快，包装有点破，东西还不错！',
  '說不上好壞,價格便宜',
  '手机用了3天就没电了😡',
  '客服态度很好，可是问题没有解决……',
  '２０２４年买的，ＯＫ吧',
  'The room was fine, but breakfast was cold.',
  "I wouldn't say it's bad, just not what I expected",
  'GREAT price!!! terrible quality :(',
  'Arrived on 12/05, order no. A-4711',
  'naïve café décor, so-so coffee',
  'iPhone屏幕碎了,can I get a refund?',
  '发票抬头写错了，能改地址吗',
  'Where is my package? I paid twice with my card',
  '忘记密码,登录不了,优惠券也用不了',
  '👍',
]
