import type { Grammar } from '../grammar.ts'

const words = (text: string): readonly string[] => text.trim().split(/[\s、]+/u)

/** What pleases, of goods, rooms, meals, journeys, help and books. */
const good = words(`
  好 不错 很棒 很赞 满意 舒适 舒服 干净 整洁 安静 宽敞 明亮 温馨 豪华 大气 精致 漂亮 好看 美观 时尚 新颖 崭新 结实 耐用 牢固 厚实 柔软 透气 合身
  合适 好用 实用 方便 便利 便捷 快捷 迅速 及时 准时 流畅 灵敏 清晰 清楚 准确 省电 好吃 美味 可口 新鲜 香甜 入味 丰富 丰盛 便宜 实惠 划算 超值
  物美价廉 物超所值 性价比高 热情 友好 亲切 周到 细心 耐心 贴心 体贴 礼貌 专业 负责 诚信 诚实 靠谱 可靠 放心 完美 优秀 优质 出色 卓越 一流 一级棒 上乘
  精彩 感人 生动 有趣 幽默 深刻 经典 引人入胜 受益匪浅 通俗易懂 惊喜 开心 愉快 高兴 喜欢 感动 温暖 难忘 称心 理想 无可挑剔 名副其实 物有所值 值得 到位
  规范 齐全 完善 优雅 优美 宜人 舒心 省心 地道 正宗 正品 做工精细 包装完好 交通便利 环境优美 服务一流 态度很好 反应很快 效果明显`)

const bad = words(`
  差 很差 太差 差劲 糟糕 糟透了 恶劣 恶心 脏 脏乱 肮脏 潮湿 阴暗 昏暗 狭小 拥挤 吵 嘈杂 吵闹 噪音大 隔音差 陈旧 破旧 老旧 简陋 粗糙 劣质 低劣 难看 丑
  过时 廉价 脆弱 易坏 坏了 破了 漏水 漏电 掉色 褪色 起球 缩水 变形 开线 有异味 刺鼻 难闻 臭 发霉 不新鲜 难吃 难喝 油腻 太咸 太甜 没味道 贵 太贵 昂贵 不值
  偏高 坑人 骗人 欺骗 假货 假的 山寨 仿冒 虚假 缓慢 太慢 拖延 卡顿 死机 发烫 费电 模糊 不清 不准 失灵 难用 麻烦 不便 不方便 冷漠 冷淡 傲慢 粗暴 粗鲁 敷衍
  推诿 推卸 不负责 不专业 不耐烦 不理人 没人管 失望 后悔 郁闷 生气 气愤 愤怒 恼火 无语 崩溃 难受 不满 不爽 上当 受骗 投诉 退货 退款 差评 垃圾 浪费 一塌糊涂
  名不副实 货不对板 徒有虚名 惨不忍睹 忍无可忍 莫名其妙 无聊 枯燥 乏味 肤浅 空洞 啰嗦 拖沓 混乱 幼稚 错误百出 质量堪忧 毫无 不合格 不达标 缺货 缺件 少发 发错 破损`)

const things = words(`
  房间 酒店 宾馆 前台 服务员 早餐 床 被子 卫生间 浴室 空调 电视 隔音 位置 地理位置 交通 环境 设施 大堂 电梯 停车场 网络 餐厅 菜 味道 分量 咖啡 水果 牛奶 蛋糕
  手机 屏幕 电池 电脑 键盘 鼠标 相机 耳机 充电器 系统 软件 画面 声音 音质 衣服 裤子 裙子 鞋子 面料 做工 款式 颜色 尺码 洗发水 护肤品 面霜 书 内容 情节 文字
  纸张 印刷 故事 电影 演员 剧情 音乐 物流 快递 发货 包装 客服 售后 卖家 商家 店家 价格 质量 产品 商品 东西 服务 态度 效果 外观 功能 速度 活动 整体 总体`)

const praise = words(`
  下次还会来 下次还住这里 还会再来的 还会再买 以后还会光顾 会继续支持 已经第二次买了 老顾客了 推荐给朋友了 强烈推荐 值得推荐 值得购买 值得一住 值得一读 值得拥有 五星好评
  给个好评 必须好评 好评 赞一个 点赞 一百分 没得说 没话说 没有什么可挑剔的 没有让人失望 比图片还好看 超出预期 超乎想象 真心不错 真的很好 家人都喜欢 孩子很喜欢
  老人很满意 朋友都说好 用着很顺手 穿着很舒服 住得很舒服 吃得很开心 睡得很香 一口气读完 爱不释手 收到很惊喜 发货很快 到货很快 物流给力 免费升级了房间 主动帮忙
  解决了问题 感谢老板 谢谢客服 支持一下 首选 挺好的 挺满意 非常满意 总体不错 性价比很高 出门就是地铁 购物方便`)

const blame = words(`
  再也不来了 再也不会来了 不会再来 不会再买了 不会再住 下次不会选择 不推荐 不建议购买 千万别买 大家别上当 慎重 别来 后悔死了 后悔买了 真后悔 白花钱了 浪费钱 浪费时间 花钱买罪受
  太让人失望了 非常失望 很失望 极度失望 大失所望 差评 给差评 零分 一星都不想给 坑爹 太坑了 骗子 黑店 什么玩意 什么破东西 根本没用 完全没效果 没有一点效果 用了一次就坏了 没几天就坏了
  打不开 开不了机 充不进电 退货了 申请退款 要求赔偿 没人理 打电话没人接 客服不理人 态度恶劣 爱理不理 等了很久 等了一个小时 半天没人来 一直不发货 迟迟不到 少了配件 发错了货
  和图片不一样 与描述不符 跟描述严重不符 一晚没睡好 根本睡不着 隔壁的声音都听得到 没有热水 床单有污渍 有蟑螂 有股霉味 味道很大 跟说的不一样 一点都不好 还不如 简直不能住
  读不下去 看不下去 不知所云 抄袭 乱收费 多收了钱 有待改进 需要改善 太一般了 不怎么样 不如以前`)

const facts = words(`
  昨天收到的 上周买的 上个月订的 住了一晚 住了两晚 订的标准间 订的大床房 房间在三楼 酒店在火车站旁边 早餐七点开始 帮同事买的 给父母买的 买了两件 买的黑色 买的是小号 还没用 还没打开 还没开始看
  先用用再说 用一段时间再来评价 一般 一般般 还行 还可以吧 凑合 马马虎虎 中等水平 普普通通 没什么特别的 不好不坏 和以前的一样 跟别家差不多 标准配置 有说明书 需要自己安装
  重量两斤 长度一米 一共三百页 分上下两册 是系列的第二本 讲的是一个家庭 改编自小说 周末去的 出差住的 路过住的 看个人喜好 因人而异 没有对比过 不太了解 仅供参考 颜色和图片有一点差别`)

/** What many say in brief. */
const plainlyGood = words(`
  好 不错 还不错 挺好 棒 太棒了 赞 满意 喜欢 好吃 好喝 好看 好用 好听 好闻 舒服 干净 漂亮 实用 方便 便宜 划算 新鲜 精彩 热情 耐心 快 合适 推荐 值 值得买 开心 高兴 放心 可靠 结实 完美`)
const plainlyBad = words(`
  差 太差 差劲 烂 太烂了 糟 糟糕 垃圾 坏 坏了 难吃 难喝 难看 难用 难听 难闻 脏 吵 慢 贵 小 旧 破 丑 臭 麻烦 失望 后悔 生气 恶心 恶劣 无聊 粗糙 不值 坑 难受 不耐烦 劣质`)
/** Of these people say that they are not so. */
const deniedGood = words(
  '好 满意 喜欢 好吃 好喝 好看 好用 舒服 干净 漂亮 实用 方便 便宜 划算 新鲜 精彩 热情 耐心 快 合适 推荐 值 开心 高兴 放心 可靠 结实 合脚',
)
const deniedBad = words('差 贵 吵 脏 慢 难吃 难看 难用 小 旧 麻烦 后悔 失望 无聊 重 闷')
const brieflyPleased = words(`
  好 很好 非常好 {thing}很好 质量很好 {plainlyGood} {degree}{plainlyGood} {thing}{plainlyGood} {thing}{degree}{plainlyGood} {degree}{plainlyGood}的{thing} 真{plainlyGood} 太{plainlyGood}了 特别{plainlyGood} 确实{plainlyGood}
  {plainlyGood} {plainlyGood} {thing}{plainlyGood} {thing}周到 {thing}流畅 不{deniedBad} 不贵 不差 一点也不{deniedBad} 一点都不{deniedBad} 并不{deniedBad} {thing}不{deniedBad} {thing}没让我失望 没有让我失望 不会失望 没什么不好 没有不满意的地方
  我{degree}喜欢 我喜欢这个{thing} 喜欢这家店 好评 五星 五星好评 推荐 推荐购买 强烈推荐 推荐大家买 会再来 还会来 下次还来 下次还会来 会回购 已回购 还会买 再次购买 谢谢 谢谢店家 棒棒的 超赞 绝了 最好的{thing} 最好`)
const brieflyDispleased = words(`
  差 很差 太差了 {thing}很差 质量很差 {plainlyBad} {degree}{plainlyBad} {thing}{plainlyBad} {thing}{degree}{plainlyBad} {degree}{plainlyBad}的{thing} 真{plainlyBad} 太{plainlyBad}了 特别{plainlyBad} {plainlyBad}死了 确实{plainlyBad}
  {plainlyBad} {plainlyBad} {thing}{plainlyBad} {thing}有划痕 {thing}很卡 我很生气 很生气 不{deniedGood} 不好 不满意 不喜欢 一点也不{deniedGood} 一点都不{deniedGood} 并不{deniedGood} {thing}不{deniedGood} {thing}不怎么{deniedGood} {thing}不太{deniedGood} 不是很{deniedGood} 不够{deniedGood} 没有想的{deniedGood}
  我不喜欢 我不喜欢这个{thing} 不喜欢这家店 讨厌 差评 一星 一星差评 不推荐 不建议买 不会再来 不会再来了 不会再买 再也不来 再也不来了 再也不买了 不来了 别买 别来 别去 最差的{thing} 最差 退货 退款 要退钱
  不能用 根本不能用 用不了 坏的 没用 没法用 浪费钱 浪费时间 骗人 骗子 上当了 后悔买了 破了 碎了 {thing}破了 {thing}坏了 {thing}一般，{thing}{degree}{plainlyBad} 没人理 没人管`)

/** Statements and questions in which nobody is pleased or displeased. */
const statements = words(`
  {thing}{day}送到的 {day}送到的 {day}到的 包裹{day}到了 {thing}{day}到了 {day}收到的 {day}收到{thing} {day}下单的 {day}买的 {day}订的 {day}付的款 {day}去的 {day}拿到的 是{day}的{thing}
  买了{amount}件{colour}的 买了{amount}个 买了{amount}本 订了{amount}晚 一共{amount}件 有{amount}个{thing} 是{colour}的 {colour}的{thing} 要了{colour}的 我选的{colour} {thing}是{colour}的
  {thing}在{place}旁边 {thing}在{place} 离{place}{amount}公里 从{place}走过来{amount}分钟 对面是{place} 送到{place} 寄到{place}的 这是给{person}买的 给{person}买的 帮{person}订的 {person}在用 {person}去的
  请问{day}开门吗 请问几点开门 几点关门 几点吃早餐 请问有{colour}的吗 有没有{thing} {thing}在哪里 多少钱 怎么走 要多久 能刷卡吗 是{place}发货吗 订单号是{amount} 电话是{amount} 我的订单是{amount}
  说明书在盒子里 里面有{amount}个{thing} 长{amount}厘米 重{amount}斤 {amount}寸的屏幕 {amount}页 看了{amount}分钟 讲的是{person}的故事 {day}开会 会议是{day} {day}出发 {day}回来 {day}再说
  快递放在{place}了 放在门口了 第一次买 第一次来 第二次来 {thing}是{material}做的 {material}的 {thing}放在桌上 {person}问了一下 {person}看了{thing} {person}拿走了{thing} {person}买了{amount}个 {person}在{place} {person}住在{place} {person}去{place} 今天是{day} 下雨了 在路上
  能告诉我{thing}的尺寸吗 尺寸是多少 有{colour}的吗 这个{thing}是{colour}的 {day}发货吗 {thing}从{place}寄来
  还没用 还没拆 还没看 还没试 等{day}再看 一般 一般般 还行 还可以 还可以吧 就那样 普通 中规中矩的 凑合 凑合用 没什么感觉 不好说 说不清 不好也不坏 不好不差 正常 平均水平 跟以前一样`)

const vocabulary = {
  good,
  bad,
  thing: things,
  praise,
  blame,
  plainlyGood,
  plainlyBad,
  deniedGood,
  deniedBad,
  material: words('木头 塑料 棉 玻璃 不锈钢 皮 纸 金属'),
  brieflyPleased,
  brieflyDispleased,
  statements,
  day: words('昨天 今天 前天 周一 周二 周三 周四 周五 周六 星期天 上周 上个月 今天早上 昨天晚上 三号 下周 下午 中午'),
  amount: words('一 两 三 四 五 六 七 八 十 十二 20 100 1234 88'),
  colour: words('黑色 白色 红色 蓝色 绿色 灰色 大号 中号 小号 圆的 方的'),
  place: words('火车站 地铁站 公司 家里 学校 机场 超市 公园 市中心 北京 楼下'),
  person: words('妈妈 爸爸 我妈妈 同事 朋友 老婆 孩子 老师 客户 弟弟'),
  degree: words('很 非常 特别 相当 十分 真 真的很 确实 挺 蛮 超级 比较 太 实在'),
  pleased: [
    '{thing}{good}',
    '{thing}{degree}{good}',
    '{thing}{degree}{good}，{thing}也{good}',
    '{degree}{good}',
    '{degree}{good}的{thing}',
    '{thing}不{bad}',
    '{thing}没有{bad}',
    '{praise}',
    '{praise}',
    '{praise}',
    '{pleasing}',
    '{thing}{pleasing}',
    '{degree}{pleasing}',
    '{pleasing}、{pleasing}、{good}',
  ],
  displeased: [
    '{thing}{bad}',
    '{thing}{degree}{bad}',
    '{thing}{degree}{bad}，{thing}也{bad}',
    '{degree}{bad}',
    '{degree}{bad}的{thing}',
    '{thing}不{good}',
    '{thing}一点也不{good}',
    '{thing}没有说的那么{good}',
    '{blame}',
    '{blame}',
    '{blame}',
    '{displeasing}',
    '{thing}{displeasing}',
    '{degree}{displeasing}',
    '{displeasing}、{displeasing}、{bad}',
  ],
  neutral: [...facts, ...statements, '问一下{thing}', '{thing}和{thing}', '这是{thing}'],
} satisfies Grammar

/** Chinese clauses: `pleased`, `displeased` and `neutral`. `pleasing` and `displeasing` words come from a lexicon. */
export const chineseSentences = (pleasing: readonly string[], displeasing: readonly string[]): Grammar => ({
  ...vocabulary,
  pleasing,
  displeasing,
})
