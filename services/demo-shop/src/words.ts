/** A word in the shop's two languages. */
export interface Word {
  readonly en: string
  readonly zh: string
}

export interface Department extends Word {
  /** Price in euros of a plain product of the department. */
  readonly basePrice: number
  readonly products: readonly Word[]
}

const word = (en: string, zh: string): Word => ({ en, zh })

export const departments: readonly Department[] = [
  {
    en: 'Tea',
    zh: '茶饮',
    basePrice: 14,
    products: [
      word('green tea', '绿茶'),
      word('oolong', '乌龙茶'),
      word('teapot', '茶壶'),
      word('tea tray', '茶盘'),
      word('tea caddy', '茶叶罐'),
      word('gaiwan', '盖碗'),
      word('tea strainer', '茶漏'),
      word('travel cup', '旅行杯'),
    ],
  },
  {
    en: 'Coffee',
    zh: '咖啡',
    basePrice: 22,
    products: [
      word('coffee beans', '咖啡豆'),
      word('hand grinder', '手摇磨豆机'),
      word('pour-over kettle', '手冲壶'),
      word('filter papers', '滤纸'),
      word('espresso cups', '浓缩杯'),
      word('moka pot', '摩卡壶'),
      word('milk frother', '奶泡器'),
      word('coffee scale', '咖啡秤'),
    ],
  },
  {
    en: 'Kitchen',
    zh: '厨房',
    basePrice: 28,
    products: [
      word('wok', '炒锅'),
      word('chef knife', '主厨刀'),
      word('cutting board', '砧板'),
      word('rice cooker', '电饭煲'),
      word('bamboo steamer', '蒸笼'),
      word('spice rack', '调料架'),
      word('mixing bowl', '搅拌碗'),
      word('oven mitts', '隔热手套'),
    ],
  },
  {
    en: 'Outdoor',
    zh: '户外',
    basePrice: 45,
    products: [
      word('tent', '帐篷'),
      word('sleeping bag', '睡袋'),
      word('headlamp', '头灯'),
      word('trekking poles', '登山杖'),
      word('camping stove', '露营炉'),
      word('hammock', '吊床'),
      word('dry bag', '防水袋'),
      word('water filter', '净水器'),
    ],
  },
  {
    en: 'Running',
    zh: '跑步',
    basePrice: 38,
    products: [
      word('running shoes', '跑鞋'),
      word('running shorts', '跑步短裤'),
      word('hydration vest', '越野背包'),
      word('sport socks', '运动袜'),
      word('running watch', '跑步手表'),
      word('arm band', '臂包'),
      word('rain jacket', '防雨外套'),
      word('foam roller', '泡沫轴'),
    ],
  },
  {
    en: 'Books',
    zh: '图书',
    basePrice: 12,
    products: [
      word('cookbook', '食谱书'),
      word('poetry collection', '诗集'),
      word('travel guide', '旅行指南'),
      word('detective novel', '侦探小说'),
      word('picture book', '绘本'),
      word('history of trade', '贸易史'),
      word('sketchbook', '素描本'),
      word('reading lamp', '阅读灯'),
    ],
  },
  {
    en: 'Toys',
    zh: '玩具',
    basePrice: 16,
    products: [
      word('building blocks', '积木'),
      word('jigsaw puzzle', '拼图'),
      word('kite', '风筝'),
      word('plush panda', '熊猫毛绒'),
      word('wooden train', '木制火车'),
      word('board game', '桌游'),
      word('magic cube', '魔方'),
      word('marble run', '滚珠轨道'),
    ],
  },
  {
    en: 'Garden',
    zh: '园艺',
    basePrice: 18,
    products: [
      word('flower pots', '花盆'),
      word('pruning shears', '修枝剪'),
      word('herb seeds', '香草种子'),
      word('watering can', '洒水壶'),
      word('garden gloves', '园艺手套'),
      word('bonsai kit', '盆景套装'),
      word('bird feeder', '喂鸟器'),
      word('compost bin', '堆肥箱'),
    ],
  },
  {
    en: 'Music',
    zh: '音乐',
    basePrice: 55,
    products: [
      word('ukulele', '尤克里里'),
      word('headphones', '耳机'),
      word('record player', '唱片机'),
      word('bamboo flute', '竹笛'),
      word('music stand', '谱架'),
      word('metronome', '节拍器'),
      word('hand drum', '手鼓'),
      word('guitar strings', '吉他弦'),
    ],
  },
  {
    en: 'Skincare',
    zh: '护肤',
    basePrice: 20,
    products: [
      word('face cream', '面霜'),
      word('sunscreen', '防晒霜'),
      word('clay mask', '泥面膜'),
      word('hand balm', '护手霜'),
      word('rose water', '玫瑰水'),
      word('cleansing oil', '卸妆油'),
      word('lip care', '润唇膏'),
      word('bath salts', '浴盐'),
    ],
  },
  {
    en: 'Office',
    zh: '办公',
    basePrice: 24,
    products: [
      word('fountain pen', '钢笔'),
      word('notebook', '笔记本'),
      word('desk lamp', '台灯'),
      word('laptop stand', '电脑支架'),
      word('calligraphy brush', '毛笔'),
      word('ink stone', '砚台'),
      word('desk organiser', '桌面收纳'),
      word('wall calendar', '挂历'),
    ],
  },
  {
    en: 'Pets',
    zh: '宠物',
    basePrice: 17,
    products: [
      word('cat tree', '猫爬架'),
      word('dog leash', '狗绳'),
      word('pet fountain', '宠物饮水机'),
      word('scratching post', '猫抓柱'),
      word('chew toy', '磨牙玩具'),
      word('pet bed', '宠物窝'),
      word('aquarium light', '鱼缸灯'),
      word('grooming brush', '梳毛刷'),
    ],
  },
]

/** What sets products of one kind apart; a visitor cares for some of these. */
export const styles: readonly (Word & { readonly priceFactor: number })[] = [
  { en: 'bamboo', zh: '竹制', priceFactor: 0.9 },
  { en: 'minimalist', zh: '极简', priceFactor: 1 },
  { en: 'festive', zh: '节庆', priceFactor: 1.1 },
  { en: 'handmade', zh: '手工', priceFactor: 1.6 },
  { en: 'compact', zh: '便携', priceFactor: 0.8 },
  { en: 'premium', zh: '臻选', priceFactor: 2.2 },
]

export const brands: readonly string[] = [
  'Willow & Wren',
  'Northgate',
  '山水间',
  '一木',
  'Lumen',
  '青禾',
  'Harbour',
  '云栖',
]
