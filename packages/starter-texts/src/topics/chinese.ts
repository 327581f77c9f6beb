import type { Grammar } from '../grammar.ts'

const lines = (text: string): readonly string[] => text.trim().split(/\s+/u)

/** Chinese messages to a shop's customer service; every topic is a symbol. */
export const chineseMessages: Grammar = {
  product: lines('手机 电脑 耳机 榨汁机 台灯 椅子 外套 鞋子 裙子 相机 水壶 背包 手表 书 玩具'),
  order: lines('我的订单 我的快递 包裹 我买的{product} 订单{number} 我的{product} 货'),
  number: lines('10423 88120 55071 A7730 4519'),
  when: lines('昨天 上周 周一 前天 今天早上 上个月 五号'),
  hello: lines('你好， 您好， 在吗？ 亲， 客服你好， 请问'),
  thanks: lines('谢谢 麻烦了 急 请尽快回复 谢谢啦 帮忙看一下'),
  delivery: lines(`
    {order}到哪了 {order}怎么还没到 {order}什么时候发货 {order}什么时候能到 物流信息一直不更新 快递单号查不到 显示已签收但是我没收到 发什么快递 发货要几天
    可以发顺丰吗 周末送货吗 {when}就该到了还没送来 快递放在驿站没通知我 能送货上门吗 可以寄到国外吗 快递员没打电话就退回去了 {order}发货了吗 催一下快递`),
  refund: lines(`
    我要退货 怎么退货 {product}不合适想退 退款什么时候到账 {when}寄回去的退款还没到 可以换个尺码吗 想换货 七天无理由怎么申请 退货运费谁出 退货地址发一下
    申请退款 退款金额不对 什么时候把钱退给我 买大了能换小一号吗 货已经退回去了钱呢 退款进度怎么查 不想要了可以退吗`),
  defect: lines(`
    {product}坏了 收到的{product}是破的 {product}开不了机 {product}用了一周就坏了 {product}上有划痕 少了一个配件 发错货了 收到的颜色不对 {product}有异响 拉链坏了 屏幕碎了
    包装压坏了 在保修期内吗 {product}能修吗 充不进电 漏水 有质量问题 缺了说明书和螺丝 {product}是不是二手的`),
  payment: lines(`
    付款失败 支付不了 重复扣款了 钱扣了订单没成功 可以货到付款吗 支持花呗吗 可以分期吗 微信支付不了 银行卡付款报错 扣款金额不对 {when}付的钱还显示未支付 有哪些付款方式
    信用卡能用吗 支付宝付不了款 多扣了我的钱 付款页面打不开`),
  invoice: lines(`
    可以开发票吗 发票什么时候寄 发票抬头写错了 要开增值税专用发票 电子发票怎么下载 没收到发票 发票上加一下税号 公司报销要发票 发票金额不对 重新开一张发票 补开{order}的发票
    收据在哪里下载`),
  account: lines(`
    忘记密码了 登录不了 收不到验证码 怎么注销账号 怎么换绑手机号 账号被锁了 账号被盗了 怎么修改邮箱 怎么注册 怎么修改昵称 不想再收到推送短信 实名认证不通过 帐号异常登不上去
    换了手机登录不上`),
  change: lines(`
    取消{order} 我要取消订单 地址填错了能改吗 帮我改一下收货地址 买错尺码了帮我换一下再发 {order}再加一件{product} 先别发货 下周再发货可以吗 拍重复了取消一单 颜色选错了改成黑色
    电话写错了改一下 现在还能取消吗 备注改一下 把{product}从订单里去掉`),
  question: lines(`
    {product}有货吗 {product}什么时候补货 我该选多大码 {product}是什么材质的 {product}多重 电池能用多久 这两款{product}有什么区别 {product}防水吗 有黑色的吗 尺寸是多少 {product}怎么安装
    说明书在哪里看 有没有便宜一点的{product} 是正品吗 保质期多久 适合老人用吗 {product}支持苹果系统吗 身高一米七穿什么码`),
  promotion: lines(`
    优惠券用不了 有什么优惠活动 双十一有活动吗 优惠券能叠加吗 满减怎么没减 活动什么时候结束 积分怎么兑换 积分怎么没了 刚买就降价了能退差价吗 新人券没收到 有赠品吗
    会员打几折 红包怎么领 邀请好友有什么奖励 折扣码无效 学生有优惠吗`),
  other: lines(`
    你们几点上班 有实体店吗 转人工 招人吗 想做代理 公司在哪里 没事了 好的 在不在 怎么联系你们老板 网站好卡 提个建议 媒体合作找谁 随便看看 打错了`),
}
